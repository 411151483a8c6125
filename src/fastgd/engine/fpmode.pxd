# The floating-point mode of a thread: rounding to nearest, and subnormal numbers as they are.
#
# A thread can be in another mode without its program's knowledge: torch.set_flush_denormal(True), a library linked with
# -ffast-math, and any thread that such a thread starts, flush subnormal numbers to zero. The bits of a step would then
# depend on the thread that makes it. So every function that computes does it between `enter` and `leave`:
#
#     cdef fp_mode mode = enter()
#     ...
#     leave(mode)
#
# once in the calling thread, around all of a step, and once in each thread of a parallel region. Only rounding and
# flushing are set and put back; which exceptions trap stays as the caller has it, and flags that are raised in between
# stay raised. `enter` reads the mode, in about 20 ns, so it stands where a step begins and not in its parts; the mode
# is written only where it differs.
#
# The compiler does not know that arithmetic depends on the mode, and keeps only loads and stores on their side of
# `enter` and `leave`. So what lies between them loads its numbers and stores its results there, by pointers that the
# function was given; a result in a local variable needs that to be volatile.

cdef extern from *:
    """
    #include <stdint.h>

    #ifndef FASTGD_FPMODE
    #define FASTGD_FPMODE
    #if defined(__SSE2__) || defined(_M_X64)
    #include <xmmintrin.h>
    #define FASTGD_MODE_BITS 0xE040u      /* MXCSR: flush to zero, rounding; subnormal inputs are zeros */
    static inline uint64_t fastgd_get_mode(void) { return _mm_getcsr(); }
    static inline void fastgd_set_mode(uint64_t mode) { _mm_setcsr((unsigned)mode); }
    #elif defined(__aarch64__)
    #define FASTGD_MODE_BITS 0x3C80003u   /* FPCR: default NaN, flush to zero, rounding, FZ16; AH, FIZ */
    static inline uint64_t fastgd_get_mode(void) {
        uint64_t mode;
        __asm__ __volatile__("mrs %0, fpcr" : "=r"(mode));
        return mode;
    }
    static inline void fastgd_set_mode(uint64_t mode) { __asm__ __volatile__("msr fpcr, %0" : : "r"(mode)); }
    #else
    #define FASTGD_MODE_BITS 0u
    static inline uint64_t fastgd_get_mode(void) { return 0; }
    static inline void fastgd_set_mode(uint64_t mode) { (void)mode; }
    #endif

    #if defined(__GNUC__)
    #define FASTGD_FENCE __asm__ __volatile__("" : : : "memory")
    #elif defined(_MSC_VER)
    #include <intrin.h>
    #define FASTGD_FENCE _ReadWriteBarrier()
    #else
    #define FASTGD_FENCE
    #endif

    typedef uint64_t fp_mode;

    static inline fp_mode fastgd_enter(void) {
        fp_mode now = fastgd_get_mode(), before = now & FASTGD_MODE_BITS;
        if (before)
            fastgd_set_mode(now - before);
        FASTGD_FENCE;
        return before;
    }

    static inline void fastgd_leave(fp_mode before) {
        FASTGD_FENCE;
        if (before)
            fastgd_set_mode(fastgd_get_mode() | before);
    }
    #endif
    """
    ctypedef unsigned long long fp_mode
    fp_mode enter "fastgd_enter"() noexcept nogil
    void leave "fastgd_leave"(fp_mode mode) noexcept nogil

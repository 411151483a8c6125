/* Included before every module by setup.py. Flags that come after its own, from a compiler's wrapper or a distribution,
   must not change bits, lose NaN, or make the process flush subnormal numbers: the build fails instead. */
#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error "fastgd keeps NaN and the order of operations: build it without -ffast-math, -Ofast and their parts"
#endif
#if defined(__FLT_EVAL_METHOD__) && (__FLT_EVAL_METHOD__ == 1 || __FLT_EVAL_METHOD__ == 2)
#error "fastgd computes in float and double alone: on 32-bit x86 build it with -msse2 -mfpmath=sse"
#endif
typedef char fastgd_constants_are_doubles[sizeof(1.0) == sizeof(double) ? 1 : -1]; /* no -fsingle-precision-constant */

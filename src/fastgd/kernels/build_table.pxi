# The table of one kernel module, and what adds its rows: table.pxi includes this and says the rows. What has no room is
# refused here, when the module is imported, so that nothing in a step needs to count.
from cpython.pycapsule cimport PyCapsule_New
from libc.stdint cimport uint8_t

from fastgd.kernels.factored cimport measure_rows, sum_matrix, take, take_cautiously
from fastgd.kernels.formats.bfloat16 cimport decode_bfloat16, encode_bfloat16, encode_bfloat16_stochastic
from fastgd.kernels.formats.dynamic cimport (
    Map, fill_map, pack_positive, pack_root, pack_signed, unpack, unpack_root,
)
from fastgd.kernels.formats.float16 cimport decode_float16, encode_float16
from fastgd.kernels.formats.master cimport join_bfloat16, join_float16, split_bfloat16, split_float16
from fastgd.kernels.formats.plain cimport convert
from fastgd.kernels.reductions cimport largest, sum_squares
from fastgd.kernels.rule cimport (
    BFLOAT16, BFLOAT16_BESIDE_STATES, BFLOAT16_GRAD, BFLOAT16_MASTER, BFLOAT16_THROUGHOUT, FACTORED_CAREFUL,
    FACTORED_SIZE, FACTORED_STEP, FACTORED_SUMS, FLOAT16, FLOAT32, FLOAT64, MAX_CARRY, MAX_HYPER, MAX_MEASURES,
    MAX_SCALARS, MAX_STATES, MAX_TERMS, MAX_VARIANTS, POSITIVE8, ROOT8, SIGNED8, Clip, Codec, FactoredPass, Family,
    Fold, Follow, Join, Largest, Measure, Rounding, Rule, Settle, Split, SumSquares, Table,
)
from fastgd.kernels.stages cimport clip, follow

cdef extern from *:
    const char* FASTGD_NAME     # of the instruction set, and
    const char* FASTGD_FLAGS    # the compiler's flags, both defined by setup.py

cdef enum:
    CAPACITY = 96

cdef Rule[CAPACITY] rule_rows
cdef Rule[CAPACITY] roof_rows
cdef Family[CAPACITY] family_rows
cdef Table table
cdef Map signed_map
cdef Map positive_map
cdef Rule* latest


cdef int words(const char* text) except -1:
    return len(text.split())


cdef int limited(const char* name, str what, Py_ssize_t count, Py_ssize_t room) except -1:
    """Refuse more than there is room for, by the name of the rule or family that needs it."""
    if count > room:
        raise ImportError(f"{name.decode()} has {count} {what}, and there is room for {room}")
    return 0


cdef int fill(Rule* rows, int* count, const char* name, const char* states, void* f32, void* f64) except -1:
    global latest
    cdef Rule* row = &rows[count[0]]
    cdef int state_count = words(states)
    limited(name, "rows in the table up to itself", count[0] + 1, CAPACITY)
    limited(name, "states", state_count, MAX_STATES)
    row.name = name
    row.states = states
    row.state_count = state_count
    row.layout = count[0]
    row.kernels[FLOAT32] = f32
    row.kernels[FLOAT64] = f64
    for i in range(count[0]):
        if <bytes>rows[i].states == <bytes>states:
            row.layout = i
            break
    count[0] += 1
    latest = row
    return 0


cdef int rule(const char* name, const char* states, void* f32, void* f64) except -1:
    return fill(rule_rows, &table.rule_count, name, states, f32, f64)


cdef int direct(void* throughout, void* beside_states, void* grad, void* master) except -1:
    """Kernels of the latest rule or roof for arrays of which some are in bfloat16."""
    latest.kernels[BFLOAT16_THROUGHOUT] = throughout
    latest.kernels[BFLOAT16_BESIDE_STATES] = beside_states
    latest.kernels[BFLOAT16_GRAD] = grad
    latest.kernels[BFLOAT16_MASTER] = master
    return 0


cdef int measure(int terms, bint over_all, int row_numbers, void* f32, void* f64, Settle settle) except -1:
    """One more measuring pass of the latest rule; the last `row_numbers` of its states are numbers of rows."""
    cdef Rule* row = &rule_rows[table.rule_count - 1]
    cdef Measure* added = &row.measures[row.measure_count]
    limited(row.name, "measuring passes", row.measure_count + 1, MAX_MEASURES)
    limited(row.name, "sums", terms, MAX_TERMS)
    added.kernels[FLOAT32] = f32
    added.kernels[FLOAT64] = f64
    added.terms = terms
    added.settle = settle
    row.over_all = over_all
    row.row_numbers = row_numbers
    row.state_count = words(row.states) - row_numbers
    row.measure_count += 1
    return 0


cdef int roof(const char* name, const char* states, void* f32, void* f64) except -1:
    return fill(roof_rows, &table.roof_count, name, states, f32, f64)


cdef int number(const char* family, bytes name) except -1:
    """The number of a rule by its name."""
    for i in range(table.rule_count):
        if <bytes>rule_rows[i].name == name:
            return i
    raise ImportError(f"{family.decode()} names a rule {name.decode()}, which has no row before it")


cdef int family(const char* name, const char* hyper, const char* carry, int memory_count, const char* variants,
                Fold fold, size_t scalars_size) except -1:
    """`variants` names the rules of the family in the order of what the fold returns."""
    cdef Family* row = &family_rows[table.family_count]
    limited(name, "rows in the table up to itself", table.family_count + 1, CAPACITY)
    limited(name, "hyperparameters", words(hyper), MAX_HYPER)
    limited(name, "carried numbers", words(carry), MAX_CARRY)
    limited(name, "scalars", scalars_size // sizeof(double), MAX_SCALARS)
    limited(name, "rules", words(variants), MAX_VARIANTS)
    row.name = name
    row.hyper = hyper
    row.hyper_count = words(hyper)
    row.carry = carry
    row.carry_count = words(carry)
    row.memory_count = memory_count
    row.fold = fold
    row.rule_count = words(variants)
    for i, variant in enumerate(variants.split()):
        row.rules[i] = number(name, variant)
    table.family_count += 1
    return 0


cdef void pack_signed8(float* source, uint8_t* codes, float* absmax, Py_ssize_t n) noexcept nogil:
    pack_signed(source, codes, absmax, n, &signed_map)


cdef void unpack_signed8(const uint8_t* codes, const float* absmax, float* target, Py_ssize_t n) noexcept nogil:
    unpack(codes, absmax, target, n, &signed_map)


cdef void pack_positive8(float* source, uint8_t* codes, float* absmax, Py_ssize_t n) noexcept nogil:
    pack_positive(source, codes, absmax, n, &positive_map)


cdef void unpack_positive8(const uint8_t* codes, const float* absmax, float* target, Py_ssize_t n) noexcept nogil:
    unpack(codes, absmax, target, n, &positive_map)


cdef void pack_root8(float* source, uint8_t* codes, float* absmax, Py_ssize_t n) noexcept nogil:
    pack_root(source, codes, absmax, n, &positive_map)


cdef void unpack_root8(const uint8_t* codes, const float* absmax, float* target, Py_ssize_t n) noexcept nogil:
    unpack_root(codes, absmax, target, n, &positive_map)


fill_map(&signed_map, True)
fill_map(&positive_map, False)
table.name = FASTGD_NAME
table.flags = FASTGD_FLAGS
table.rules = rule_rows
table.families = family_rows
table.roofs = roof_rows
table.sum_squares[FLOAT32] = <SumSquares>sum_squares[float]
table.sum_squares[FLOAT64] = <SumSquares>sum_squares[double]
table.largest[FLOAT32] = <Largest>largest[float]
table.largest[FLOAT64] = <Largest>largest[double]
table.clip[FLOAT32] = <Clip>clip[float]
table.clip[FLOAT64] = <Clip>clip[double]
table.follow[FLOAT32] = <Follow>follow[float]
table.follow[FLOAT64] = <Follow>follow[double]
table.factored[FLOAT32][FACTORED_SUMS] = <FactoredPass>sum_matrix[float]
table.factored[FLOAT64][FACTORED_SUMS] = <FactoredPass>sum_matrix[double]
table.factored[FLOAT32][FACTORED_SIZE] = <FactoredPass>measure_rows[float]
table.factored[FLOAT64][FACTORED_SIZE] = <FactoredPass>measure_rows[double]
table.factored[FLOAT32][FACTORED_STEP] = <FactoredPass>take[float]
table.factored[FLOAT64][FACTORED_STEP] = <FactoredPass>take[double]
table.factored[FLOAT32][FACTORED_CAREFUL] = <FactoredPass>take_cautiously[float]
table.factored[FLOAT64][FACTORED_CAREFUL] = <FactoredPass>take_cautiously[double]
table.decode[FLOAT32][FLOAT32] = <Codec>convert[float, float]
table.encode[FLOAT32][FLOAT32] = <Codec>convert[float, float]
table.decode[FLOAT32][FLOAT64] = <Codec>convert[double, float]
table.encode[FLOAT32][FLOAT64] = <Codec>convert[float, double]
table.decode[FLOAT32][BFLOAT16] = <Codec>decode_bfloat16[float]
table.encode[FLOAT32][BFLOAT16] = <Codec>encode_bfloat16[float]
table.decode[FLOAT32][FLOAT16] = <Codec>decode_float16[float]
table.encode[FLOAT32][FLOAT16] = <Codec>encode_float16[float]
table.decode[FLOAT64][FLOAT32] = <Codec>convert[float, double]
table.encode[FLOAT64][FLOAT32] = <Codec>convert[double, float]
table.decode[FLOAT64][FLOAT64] = <Codec>convert[double, double]
table.encode[FLOAT64][FLOAT64] = <Codec>convert[double, double]
table.decode[FLOAT64][BFLOAT16] = <Codec>decode_bfloat16[double]
table.encode[FLOAT64][BFLOAT16] = <Codec>encode_bfloat16[double]
table.decode[FLOAT64][FLOAT16] = <Codec>decode_float16[double]
table.encode[FLOAT64][FLOAT16] = <Codec>encode_float16[double]
table.stochastic[FLOAT32] = <Rounding>encode_bfloat16_stochastic[float]
table.stochastic[FLOAT64] = <Rounding>encode_bfloat16_stochastic[double]
table.join[BFLOAT16] = <Join>join_bfloat16
table.split[BFLOAT16] = <Split>split_bfloat16
table.join[FLOAT16] = <Join>join_float16
table.split[FLOAT16] = <Split>split_float16
table.pack[SIGNED8], table.unpack[SIGNED8] = pack_signed8, unpack_signed8
table.pack[POSITIVE8], table.unpack[POSITIVE8] = pack_positive8, unpack_positive8
table.pack[ROOT8], table.unpack[ROOT8] = pack_root8, unpack_root8

capsule = PyCapsule_New(&table, b"fastgd.kernels.Table", NULL)

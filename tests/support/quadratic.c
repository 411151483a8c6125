/* Minimizes |x - target|^2 / 2 with fastgd's AdamW, without Python in the loop. It is C, and C++ too. */
#include <fastgd/fastgd.h>

static fastgd_api fastgd;

static int minimize(float *x, const float *target, float *grad, float *exp_avg, float *exp_avg_sq, Py_ssize_t n,
                    long long steps) {
    fastgd_Scalars scalars;
    fastgd_Adam hyper;
    long long t;
    Py_ssize_t i;
    memset(&hyper, 0, sizeof(hyper));
    hyper.lr = 0.1;
    hyper.beta1 = 0.9;
    hyper.beta2 = 0.999;
    hyper.eps = 1e-8;
    hyper.weight_decay = 0.01;
    hyper.decoupled_weight_decay = 1;
    for (t = 1; t <= steps; t++) {
        for (i = 0; i < n; i++)
            grad[i] = x[i] - target[i];
        if (fastgd.adam_scalars(&scalars, 1.0, t, &hyper, sizeof(hyper)) != FASTGD_ADAM_ADAM)
            return -1;
        fastgd.adam_f32(x, grad, exp_avg, exp_avg_sq, n, &scalars);
    }
    return 0;
}

/* run(x, target, work, steps): x of n floats is changed; work has 3 n floats, zeros. */
static PyObject *run(PyObject *self, PyObject *args) {
    Py_buffer x, target, work;
    long long steps;
    int result = -1;
    (void)self;
    if (!PyArg_ParseTuple(args, "w*y*w*L", &x, &target, &work, &steps))
        return NULL;
    if (target.len != x.len || work.len != 3 * x.len)
        PyErr_SetString(PyExc_ValueError, "target must be as long as x, and work three times as long");
    else {
        Py_ssize_t n = x.len / (Py_ssize_t)sizeof(float);
        float *room = (float *)work.buf;
        Py_BEGIN_ALLOW_THREADS
        result = minimize((float *)x.buf, (const float *)target.buf, room, room + n, room + 2 * n, n, steps);
        Py_END_ALLOW_THREADS
        if (result < 0)
            PyErr_SetString(PyExc_RuntimeError, "fastgd is older than the hyperparameters");
    }
    PyBuffer_Release(&x);
    PyBuffer_Release(&target);
    PyBuffer_Release(&work);
    return result < 0 ? NULL : Py_NewRef(Py_None);
}

static PyMethodDef methods[] = {{"run", run, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "quadratic", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_quadratic(void) {
    return fastgd_import(&fastgd) < 0 ? NULL : PyModule_Create(&module);
}

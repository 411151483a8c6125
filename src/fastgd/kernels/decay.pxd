# Weight decay that follows the learning rate: AdamC, Defazio 2025.


cdef inline double corrected(double weight_decay, double lr, double largest) noexcept nogil:
    """In proportion to lr, and as it is where lr is `largest`; or always as it is, where that is 0."""
    return weight_decay * lr / largest if largest > 0 else weight_decay

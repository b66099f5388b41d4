"""The product of matrices, and its derivative: two more products of matrices."""

from linebyline.autograd.broadcasting import Result, check_broadcast
from linebyline.autograd.elementwise import Array, Binary


def matrix_product(a: Array, b: Array) -> Binary:
    """C = AB, and how the gradients of A and B follow from that of C.

    Source: Goodfellow, Bengio & Courville 2016, *Deep Learning*, section 6.5.6: with G for ∂L/∂C,
    ∂L/∂A = G Bᵀ and ∂L/∂B = Aᵀ G. Why: from C_ik = Σ_j A_ij B_jk the number A_ij is in all C_ik of
    its row, with the factor B_jk, so ∂L/∂A_ij = Σ_k G_ik B_jk.

    Axes before the last two are a batch of matrices, and are broadcast. As for `numpy.matmul`, a
    vector on the left is a matrix of one row, on the right of one column, and this axis of length
    1 is left out of the result.

    Args:
        a: (..., I, J), or a vector (J,).
        b: (..., J, K), or a vector (J,).

    Returns:
        C, and the functions from G to the gradients of A and of B. Where a batch was broadcast,
        they have the shape that it was broadcast to.

    Raises:
        ValueError: an operand is a single number, or the shapes do not fit.
    """
    if a.ndim == 0 or b.ndim == 0:
        raise ValueError(f"shapes {a.shape} and {b.shape}: @ multiplies no numbers")
    A = a if a.ndim > 1 else a[None, :]  # (..., I, J)
    B = b if b.ndim > 1 else b[:, None]  # (..., J, K)
    if A.shape[-1] != B.shape[-2]:
        raise ValueError(
            f"shapes {a.shape} and {b.shape} have no product @: rows on the left "
            f"have length {A.shape[-1]}, columns on the right {B.shape[-2]}"
        )
    check_broadcast(f"{a.shape} @ {b.shape}", A.shape[:-2], B.shape[:-2])
    C = A @ B  # (..., I, K)
    c = C if a.ndim > 1 else C[..., 0, :]
    c = c if b.ndim > 1 else c[..., 0]

    def pull_a(g: Result) -> Array:
        G = g.reshape(C.shape)
        gradient = G @ B.swapaxes(-1, -2)  # G Bᵀ: (..., I, J)
        return gradient if a.ndim > 1 else gradient[..., 0, :]

    def pull_b(g: Result) -> Array:
        G = g.reshape(C.shape)
        gradient = A.swapaxes(-1, -2) @ G  # Aᵀ G: (..., J, K)
        return gradient if b.ndim > 1 else gradient[..., 0]

    return c, pull_a, pull_b

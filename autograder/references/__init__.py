"""PyTorch's answers: every reference is autograd on PyTorch's own forward, in float64, returned as NumPy arrays."""

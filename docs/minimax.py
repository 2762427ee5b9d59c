"""Prints the coefficients in core/src/lanes, lowest degree first.

    python -m venv venv && venv/bin/pip install mpmath && venv/bin/python minimax.py

Each polynomial minimises the largest relative error of the function it is part of (Remez's exchange
algorithm), then its coefficients are rounded to the format.
"""

from mpmath import atanh, cos, exp, expm1, frexp, ldexp, linspace, log, log1p, lu_solve, matrix, mp
from mpmath import mpf, nint, pi, polyval, sqrt

mp.prec = 200
GRID = 800


def rounded(x, bits):
    mantissa, exponent = frexp(x)
    return ldexp(nint(ldexp(mantissa, bits)), int(exponent) - bits)


def value(coefficients, x):
    return polyval(coefficients[::-1], x)


def chebyshev(low, high, n, shift):
    return [(low + high) / 2 - (high - low) / 2 * cos(pi * (i + shift) / n) for i in range(n)]


def remez(f, weight, low, high, degree):
    """The polynomial that minimises max |weight (f - polynomial)|."""
    n = degree + 2
    # Off centre, because the weight is 0 at 0.
    nodes = chebyshev(low, high, n, mpf("0.45"))
    samples = [(x, f(x), weight(x)) for x in chebyshev(low, high, GRID, mpf("0.5"))]
    for _ in range(30):
        system = matrix(n, n)
        for i, x in enumerate(nodes):
            for j in range(n - 1):
                system[i, j] = x**j
            system[i, n - 1] = (-1) ** i / weight(x)
        *coefficients, level = lu_solve(system, matrix([f(x) for x in nodes]))
        errors = [w * (y - value(coefficients, x)) for x, y, w in samples]
        if max(map(abs, errors)) < abs(level) * mpf("1.001"):
            return coefficients
        # The next nodes: the largest error between changes of sign, around the largest of all.
        peaks = []
        for i, error in enumerate(errors):
            if not peaks or (errors[peaks[-1]] > 0) != (error > 0):
                peaks.append(i)
            elif abs(error) > abs(errors[peaks[-1]]):
                peaks[-1] = i
        while len(peaks) > n:
            peaks.pop(0 if abs(errors[peaks[0]]) < abs(errors[peaks[-1]]) else -1)
        nodes = [samples[i][0] for i in peaks]
    raise ArithmeticError("no convergence")


def fit(name, f, weight, low, high, degree, bits):
    """Fits, rounds and prints one polynomial, with its relative error as a power of 2."""
    low, high = mpf(low), mpf(high)
    fixed = [rounded(c, bits) for c in remez(f, weight, low, high, degree)]
    if low == 0:
        # Lowest degree first, so that later coefficients make up for the rounding of earlier ones.
        for k in range(1, degree + 1):
            known = fixed[:k]
            left = remez(lambda x: (f(x) - value(known, x)) / x**k, lambda x: weight(x) * x**k,
                         low, high, degree - k)
            fixed[k] = rounded(left[0], bits)
    error = max(weight(x) * abs(f(x) - value(fixed, x)) for x in linspace(low, high, 2000) if x)
    print(f"{name}, {bits} bits, degree {degree}: 2^{float(log(error, 2)):.1f}")
    for c in fixed:
        # The shortest decimal that reads back as the same double.
        print(f"    {float(c)!r},")


def near_zero(closed, terms):
    """`closed`, or near 0, where it cancels, the sum of terms(k) x^k."""
    return lambda x: sum(terms(k) * x**k for k in range(60)) if abs(x) < 0.05 else closed(x)


# exp(r) = 1 + r + r^2 P(r), |r| <= ln(2)/2 and a little more for the rounding of the quotient.
EXP_TAIL = near_zero(lambda r: (expm1(r) - r) / r**2, lambda k: 1 / mp.factorial(k + 2))
HALF_LN2 = log(2) / 2 * (1 + mpf(2) ** -12)


def exp_weight(r):
    return r**2 / exp(r)


# ln(1 + f) = f + f^2 Q(f)
LN_TAIL = near_zero(lambda f: (log1p(f) - f) / f**2, lambda k: mpf(-1) ** (k + 1) / (k + 2))


def ln_weight(f):
    return abs(f**2 / log1p(f))


# ln(1 + f) = 2 atanh(s) = 2 s + s z R(z), s = f / (2 + f), z = s^2
ATANH_TAIL = near_zero(lambda z: (2 * atanh(sqrt(z)) / sqrt(z) - 2) / z,
                       lambda k: mpf(2) / (2 * k + 3))


def atanh_weight(z):
    return z * sqrt(z) / (2 * atanh(sqrt(z)))


def ln2_parts(bits, tail):
    """ln 2 in two numbers, the last `tail` bits of the first 0 so that a product by n is exact."""
    high = rounded(log(2), bits - tail)
    return float(high), float(rounded(log(2) - high, bits))


if __name__ == "__main__":
    for bits, tail in (24, 8), (53, 11):
        print(f"ln 2, {bits} bits:", *ln2_parts(bits, tail))
        print(f"1 / ln 2, {bits} bits:", float(rounded(1 / log(2), bits)))
    fit("exp P", EXP_TAIL, exp_weight, -HALF_LN2, HALF_LN2, 4, 24)
    fit("exp P", EXP_TAIL, exp_weight, -HALF_LN2, HALF_LN2, 10, 53)
    fit("ln Q on [sqrt(1/2), sqrt(2)]", LN_TAIL, ln_weight, sqrt(0.5) - 1, sqrt(2) - 1, 8, 24)
    fit("ln Q on [1, 2]", LN_TAIL, ln_weight, 0, 1, 8, 24)
    fit("ln R on [sqrt(1/2), sqrt(2)]", ATANH_TAIL, atanh_weight, 0, (3 - sqrt(8)) ** 2, 6, 53)
    fit("ln R on [1, 2]", ATANH_TAIL, atanh_weight, 0, mpf(1) / 9, 9, 53)

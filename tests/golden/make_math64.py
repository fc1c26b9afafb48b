"""The coefficients of engine/base/math64.h: polynomials that pass through their function at Chebyshev's nodes.

    python3 tests/golden/make_math64.py

(with mpmath) prints each with the largest error that it leaves in the result, in powers of two, once with exact
coefficients and once with those rounded to double precision; the functions round a few times more.
"""

from mpmath import atanh, cos, exp, log, lu_solve, matrix, mp, mpf, pi, sin, sqrt

mp.prec = 300


def interpolate(f, low, high, count):
    nodes = [(low + high) / 2 + (high - low) / 2 * cos(pi * (2 * k + 1) / (2 * count)) for k in range(count)]
    powers = matrix(count, count)
    for i, x in enumerate(nodes):
        for j in range(count):
            powers[i, j] = x**j
    return list(lu_solve(powers, matrix([f(x) for x in nodes])))


def largest_error(f, coefficients, low, high, weight):
    worst = mpf(0)
    for i in range(2001):
        x = low + (high - low) * (i + mpf(1) / 3) / 2001
        value = sum(c * x**k for k, c in enumerate(coefficients))
        worst = max(worst, abs((value - f(x)) * weight(x)))
    return float(log(worst, 2))


def show(name, f, low, high, count, weight):
    exact = interpolate(f, low, high, count)
    rounded = [float(c) for c in exact]
    print("%s: 2^%.1f, rounded 2^%.1f" % (name, largest_error(f, exact, low, high, weight),
                                          largest_error(f, rounded, low, high, weight)))
    print("".join("    %s\n" % c.hex() for c in rounded), end="")


def split(name, value, bits):
    unit = mpf(2)**(int(mp.floor(log(value, 2))) + 1 - bits)
    high = mp.nint(value / unit) * unit
    print("%s: %s + %s" % (name, float(high).hex(), float(value - high).hex()))


some = mpf("1.0001")  # a little further than the reductions reach
tiny = mpf(10)**-25
quarter = mpf("0.2501")
widest = log(2) / 2 * some
show("(e^r - 1 - r) / r^2", lambda r: (exp(r) - 1 - r) / r**2 if abs(r) > tiny else mpf(1) / 2, -widest,
     widest, 11, lambda r: r * r / exp(r))
show("(log((1 + s) / (1 - s)) / s - 2) / s^2, of s^2", lambda z: (2 * atanh(sqrt(z)) / sqrt(z) - 2) / z, tiny,
     ((sqrt(mpf(2)) - 1) / (sqrt(mpf(2)) + 1))**2 * some, 7, lambda z: z)
show("(sin(pi f / 2) / f - pi / 2) / f^2, of f^2", lambda z: (sin(pi / 2 * sqrt(z)) / sqrt(z) - pi / 2) / z, tiny,
     quarter, 7, lambda z: z)
show("(cos(pi f / 2) - 1 + (pi f)^2 / 8) / f^4, of f^2",
     lambda z: (cos(pi / 2 * sqrt(z)) - 1 + pi**2 / 8 * z) / z**2, tiny, quarter, 6, lambda z: z * z)
split("ln 2", log(2), 42)
split("1 / ln 2", 1 / log(2), 26)
split("pi / 2", pi / 2, 27)
print("1 / ln 2: %s" % float(1 / log(2)).hex())

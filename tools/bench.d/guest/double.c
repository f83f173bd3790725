// Double precision: five bodies under gravity (square roots and divisions), then the Mandelbrot set.
#include "start.h"

enum { STEPS = 200000, WIDTH = 200, HEIGHT = 150, LIMIT = 400 };

struct body {
    double x[3], v[3], mass;
};

// Not the sky: masses and places are round numbers.
static struct body bodies[5] = {
    {{0, 0, 0}, {0, 0, 0}, 40},
    {{5, -1, -0.125}, {0.5, 2.75, -0.0625}, 0.0375},
    {{8, 4, -0.5}, {-1, 2, 0.0078125}, 0.0125},
    {{13, -15, -0.25}, {1, 0.875, -0.0078125}, 0.0017},
    {{15, -26, 0.1875}, {1, 0.5, -0.03125}, 0.002},
};

static NOINLINE void advance(double dt)
{
    for (int i = 0; i < 5; i++) {
        struct body *a = &bodies[i];
        for (int j = i + 1; j < 5; j++) {
            struct body *b = &bodies[j];
            double dx = a->x[0] - b->x[0], dy = a->x[1] - b->x[1], dz = a->x[2] - b->x[2];
            double d2 = dx * dx + dy * dy + dz * dz;
            double pull = dt / (d2 * __builtin_sqrt(d2));
            double pa = b->mass * pull, pb = a->mass * pull;
            a->v[0] -= dx * pa;
            a->v[1] -= dy * pa;
            a->v[2] -= dz * pa;
            b->v[0] += dx * pb;
            b->v[1] += dy * pb;
            b->v[2] += dz * pb;
        }
    }
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < 3; k++)
            bodies[i].x[k] += dt * bodies[i].v[k];
}

static NOINLINE u32 escape(double cx, double cy)
{
    double x = 0, y = 0;
    u32 n = 0;
    while (n < LIMIT) {
        double x2 = x * x, y2 = y * y;
        if (x2 + y2 > 4)
            break;
        y = 2 * x * y + cy;
        x = x2 - y2 + cx;
        n++;
    }
    return n;
}

static u64 bits(double d)
{
    u64 u;
    __builtin_memcpy(&u, &d, 8);
    return u;
}

static u64 bench(void)
{
    u64 sum = MIX_BEGIN;
    for (int i = 0; i < STEPS; i++)
        advance(0.001);
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < 3; k++)
            sum = mix(sum, bits(bodies[i].x[k]));
    for (int row = 0; row < HEIGHT; row++)
        for (int column = 0; column < WIDTH; column++)
            sum = mix(sum, escape(-2.0 + 2.75 * column / WIDTH, -1.25 + 2.5 * row / HEIGHT));
    return sum;
}

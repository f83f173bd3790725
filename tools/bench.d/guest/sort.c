// Sorting: quicksort with a compare function behind a pointer, then heapsort of 32-bit keys in place.
#include "start.h"

enum { COUNT = 250000, HEAP_COUNT = 250000 };

struct item {
    u32 key, tag;
};

static struct item items[COUNT];
static u32 heap[HEAP_COUNT];

static NOINLINE int by_key(const struct item *a, const struct item *b)
{
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return a->tag < b->tag ? -1 : a->tag > b->tag;
}

static void swap(struct item *a, struct item *b)
{
    struct item t = *a;
    *a = *b;
    *b = t;
}

static NOINLINE void quick(struct item *v, long n, int (*less)(const struct item *, const struct item *))
{
    while (n > 12) {
        struct item pivot = v[n / 2];
        long i = 0, j = n - 1;
        while (i <= j) {
            while (less(&v[i], &pivot) < 0)
                i++;
            while (less(&v[j], &pivot) > 0)
                j--;
            if (i <= j)
                swap(&v[i++], &v[j--]);
        }
        // The smaller part by recursion, so that the stack stays small.
        if (j + 1 < n - i) {
            quick(v, j + 1, less);
            v += i;
            n -= i;
        } else {
            quick(v + i, n - i, less);
            n = j + 1;
        }
    }
    for (long i = 1; i < n; i++)
        for (long k = i; k > 0 && less(&v[k], &v[k - 1]) < 0; k--)
            swap(&v[k], &v[k - 1]);
}

static void sift(u32 *v, u32 at, u32 n)
{
    u32 key = v[at];
    for (u32 child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && v[child + 1] > v[child])
            child++;
        if (v[child] <= key)
            break;
        v[at] = v[child];
    }
    v[at] = key;
}

static NOINLINE void heapsort(u32 *v, u32 n)
{
    for (u32 i = n / 2; i-- > 0;)
        sift(v, i, n);
    while (n-- > 1) {
        u32 top = v[0];
        v[0] = v[n];
        v[n] = top;
        sift(v, 0, n);
    }
}

static u64 bench(void)
{
    u64 state = 1234567, sum = MIX_BEGIN;
    for (u32 i = 0; i < COUNT; i++)
        items[i] = (struct item){(u32)xorshift(&state) & 0xffff, i};
    quick(items, COUNT, by_key);
    for (u32 i = 0; i < COUNT; i++)
        sum = mix(sum, (u64)items[i].key << 32 | items[i].tag);
    for (u32 i = 0; i < HEAP_COUNT; i++)
        heap[i] = (u32)xorshift(&state);
    heapsort(heap, HEAP_COUNT);
    for (u32 i = 0; i < HEAP_COUNT; i++)
        sum = mix(sum, heap[i]);
    return sum;
}

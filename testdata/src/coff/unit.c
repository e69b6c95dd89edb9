/* A unit as compilers hand it to linkers. */
extern int other(int);
static const char *const words[] = {"alpha", "beta", "gamma"};
int counter;
static int hidden[16];
int common_one;

static __attribute__((noinline)) int local(int x) { return hidden[x & 15] + other(x); }

int global_function(int x)
{
    counter += x;
    return local(x) + words[x % 3][0];
}

__attribute__((weak)) int overridable(void) { return 7; }

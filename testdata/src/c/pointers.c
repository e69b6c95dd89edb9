/* Nothing but addresses: every entry needs a relative relocation when loaded anywhere. */
int value;

#define FOUR &value, &value, &value, &value
#define SIXTEEN FOUR, FOUR, FOUR, FOUR
int *dense[64] = {SIXTEEN, SIXTEEN, SIXTEEN, SIXTEEN};

struct sparse {
    long gap[3];
    int *pointer;
} sparse[40] = {[0 ... 39] = {.gap = {1, 2, 3}, .pointer = &value}};

const char *const texts[] = {"alpha", "beta", "gamma"};

int main(int argc, char **argv)
{
    (void)argv;
    return *dense[argc & 63] + *sparse[argc % 40].pointer + texts[argc % 3][0];
}

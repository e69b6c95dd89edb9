/* One unit, kept as an object file: a section per function and variable. */
extern int elsewhere(int value);

int common_block[50];
int initialised = 3;
const int constant[4] = {1, 2, 3, 4};
static int zeroed[20];

static int square(int value)
{
    return value * value;
}

int first(int value)
{
    zeroed[value & 15]++;
    return elsewhere(square(value)) + initialised;
}

int second(int value)
{
    return first(value) + constant[value & 3] + common_block[value & 31];
}

__attribute__((section(".text.startup"))) int third(void)
{
    return second(zeroed[3]);
}

const char *text(void)
{
    return "merged text";
}

/* Thread-local variables with and without bytes in the file. */
__thread int initialised[10] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
__thread char zeroed[5000];
static __thread long local = 42;
int shared_zeroed[100];

int main(int argc, char **argv)
{
    (void)argv;
    local += argc;
    zeroed[argc] = (char)local;
    return initialised[argc % 10] + zeroed[argc] + shared_zeroed[argc];
}

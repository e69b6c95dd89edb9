/* The hosted program: its list is in another unit. */
#include <stdio.h>

#include "list.h"

static const char *const names[] = {"one", "two", "three", "four"};

int main(int argc, char **argv)
{
    struct list list = {0};
    for (int i = 0; i < argc; i++)
        list_push(&list, argv[i], i);
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        list_push(&list, names[i], -1);
    printf("%u of %lu: %s\n", list_count(&list), list_pushed, list.first->text);
    list_clear(&list);
    return 0;
}

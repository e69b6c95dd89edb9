/* A list of texts. */
#include "list.h"

#include <stdlib.h>

unsigned long list_pushed;

static inline struct node *node_new(const char *text, int key)
{
    struct node *node = malloc(sizeof *node);
    if (!node)
        abort();
    node->text = text;
    node->key = key;
    node->next = NULL;
    return node;
}

void list_push(struct list *list, const char *text, int key)
{
    struct node *node = node_new(text, key);
    node->next = list->first;
    list->first = node;
    list_pushed++;
}

unsigned list_count(const struct list *list)
{
    unsigned count = 0;
    for (const struct node *node = list->first; node; node = node->next)
        count++;
    return count;
}

void list_clear(struct list *list)
{
    while (list->first) {
        struct node *next = list->first->next;
        free(list->first);
        list->first = next;
    }
}

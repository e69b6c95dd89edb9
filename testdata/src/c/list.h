struct node {
    struct node *next;
    const char *text;
    int key;
};

struct list {
    struct node *first;
};

extern unsigned long list_pushed;

void list_push(struct list *list, const char *text, int key);
unsigned list_count(const struct list *list);
void list_clear(struct list *list);

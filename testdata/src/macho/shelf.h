struct item {
    const char *name;
    int weight;
};

struct shelf {
    struct item items[16];
    int count, limit;
};

extern unsigned long shelf_total;

int shelf_add(struct shelf *shelf, const char *name, int weight);
int shelf_count(const struct shelf *shelf);
int shelf_weight(const struct shelf *shelf);

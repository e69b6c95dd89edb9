/* A shelf of items: the unit that lies in an archive or in a library. */
#include "shelf.h"

unsigned long shelf_total;
static const double FACTORS[4] = {0.5, 1.25, 2.0, 3.75};

static inline int scaled(int weight)
{
    return (int)(weight * FACTORS[weight & 3]);
}

int shelf_add(struct shelf *shelf, const char *name, int weight)
{
    if (shelf->count == shelf->limit)
        return -1;
    shelf->items[shelf->count].name = name;
    shelf->items[shelf->count].weight = scaled(weight);
    shelf_total++;
    return shelf->count++;
}

int shelf_count(const struct shelf *shelf)
{
    return shelf->count;
}

int shelf_weight(const struct shelf *shelf)
{
    int sum = 0;
    for (int i = 0; i < shelf->count; i++)
        sum += shelf->items[i].weight;
    return sum;
}

/* A library with two versions of one function. */
__attribute__((symver("area@SHAPE_1.0"))) int area_old(int width, int height)
{
    return width * height;
}

__attribute__((symver("area@@SHAPE_2.0"))) long area_new(long width, long height)
{
    return width * height;
}

int perimeter(int width, int height)
{
    return 2 * (width + height);
}

int hidden_helper(int value)
{
    return value + 1;
}

extern int perimeter_alias(int width, int height) __attribute__((alias("perimeter")));

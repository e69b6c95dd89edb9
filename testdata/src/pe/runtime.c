/* The least of a C runtime that a Rust program for Windows needs where no Visual C++ is. It makes
   programs that have everything an analysis looks at; they are never run. */
typedef __SIZE_TYPE__ size_t;

int main(int count, char **arguments);
__declspec(dllimport) void ExitProcess(unsigned status);

/* Tells the linker that floating point is used. */
int _fltused = 1;

/* Thread-local storage: where its bytes lie, and the directory that says so. */
#pragma section(".tls", read, write)
#pragma section(".tls$ZZZ", read, write)
#pragma section(".CRT$XLA", read)
#pragma section(".CRT$XLZ", read)
#pragma section(".rdata$T", read)
unsigned _tls_index;
__declspec(allocate(".tls")) char _tls_start;
__declspec(allocate(".tls$ZZZ")) char _tls_end;
__declspec(allocate(".CRT$XLA")) const void *const first_callback = 0;
__declspec(allocate(".CRT$XLZ")) const void *const last_callback = 0;

__declspec(allocate(".rdata$T")) const struct {
    const void *start, *end, *index, *callbacks;
    unsigned zeros, alignment;
} _tls_used = {&_tls_start, &_tls_end, &_tls_index, &first_callback + 1, 0, 0};

void mainCRTStartup(void)
{
    ExitProcess((unsigned)main(0, 0));
}

int _DllMainCRTStartup(void *library, unsigned reason, void *reserved)
{
    (void)library;
    (void)reason;
    (void)reserved;
    return 1;
}

void *memcpy(void *to, const void *from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ((char *)to)[i] = ((const char *)from)[i];
    return to;
}

void *memmove(void *to, const void *from, size_t count)
{
    if ((char *)to <= (const char *)from)
        return memcpy(to, from, count);
    while (count--)
        ((char *)to)[count] = ((const char *)from)[count];
    return to;
}

void *memset(void *to, int byte, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ((char *)to)[i] = (char)byte;
    return to;
}

int memcmp(const void *left, const void *right, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int difference = ((const unsigned char *)left)[i] - ((const unsigned char *)right)[i];
        if (difference)
            return difference;
    }
    return 0;
}

size_t strlen(const char *text)
{
    size_t length = 0;
    while (text[length])
        length++;
    return length;
}

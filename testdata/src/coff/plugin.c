/* A library with one of each structure that an image can have: exports by name and by number and
   one that leads to another library, imports at start and when first called, resources, thread-local
   storage, relocations, guarded calls, handlers of exceptions in C. */
typedef unsigned long dword;

#ifdef __i386__
#define CALL __stdcall
#else
#define CALL
#endif

__declspec(dllimport) dword CALL GetTickCount(void);
__declspec(dllimport) void CALL Sleep(dword);
__declspec(dllimport) int CALL MessageBeep(unsigned);

/* What stands in for the helper that loads libraries on first use. */
void *CALL __delayLoadHelper2(const void *library, void **slot)
{
    (void)library;
    return *slot;
}

static const char *const names[] = {"zero", "one", "two", "three"};
static dword calls;
__declspec(dllexport) int table[4] = {1, 2, 3, 5};

/* Large enough for a table of jumps. */
__declspec(dllexport) const char *name_of(int index)
{
    switch (index) {
    case 0: calls += 1; return names[0];
    case 1: calls += 3; return names[1];
    case 2: calls ^= 5; return names[2];
    case 3: Sleep(calls); return names[3];
    case 4: calls = GetTickCount(); return "four";
    default: return 0;
    }
}

typedef int (*visitor)(int);

static int twice(int x) { return 2 * x; }
static int square(int x) { return x * x; }
visitor visitors[] = {twice, square};

__declspec(dllexport) int visit(int which, int x)
{
    return visitors[which & 1](x) + table[x & 3];
}

__declspec(dllexport) int beep(void)
{
    return MessageBeep(0);
}

#ifndef __i386__
int __C_specific_handler(void *record, void *frame, void *context, void *dispatcher)
{
    (void)record, (void)frame, (void)context, (void)dispatcher;
    return 1;
}

static int filter(void) { return 1; }

__declspec(dllexport) int guarded(int *p)
{
    int result = 0;
    __try {
        Sleep(*p);
        result = *p;
    } __except (filter()) {
        result = -1;
    }
    return result;
}
#endif

#ifdef __x86_64__
/* The load configuration up to the guard tables, which the linker fills in. */
const void *__guard_check_icall_fptr;
void nothing_to_check(void) {}
const void *__guard_dispatch_icall_fptr = nothing_to_check;
extern char __guard_fids_table_[] __asm__("__guard_fids_table");
extern char __guard_fids_count_[] __asm__("__guard_fids_count");
extern char __guard_flags_[] __asm__("__guard_flags");
const struct {
    unsigned size, skipped[27];
    const void *check, *dispatch, *functions, *count;
    unsigned flags, rest[27];
} _load_config_used = {256, {0}, &__guard_check_icall_fptr, &__guard_dispatch_icall_fptr,
                       __guard_fids_table_, __guard_fids_count_, 0x500, {0}};
#endif

/* Thread-local storage. */
#ifndef __i386__
unsigned _tls_index;
__declspec(allocate(".tls")) __attribute__((section(".tls"))) char _tls_start = 1;
__attribute__((section(".CRT$XLB"))) const void *const callback = (const void *)visit;
__attribute__((section(".CRT$XLZ"))) const void *const no_callback = 0;
const struct {
    const void *start, *end, *index, *callbacks;
    unsigned zeros, alignment;
} _tls_used = {&_tls_start, &_tls_start + 1, &_tls_index, &callback, 0, 0};
#endif

int CALL start(void *library, dword reason, void *reserved)
{
    (void)library, (void)reserved;
    return reason != 0;
}

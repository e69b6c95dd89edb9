/* A program and a library of two units, for what a PE file can hold besides code. */
#include "../macho/shelf.h"

__declspec(dllimport) void __stdcall ExitProcess(unsigned status);
__declspec(dllimport) unsigned __stdcall GetTickCount(void);

static const char *const NAMES[] = {"anvil", "bellows", "chisel", "drill", "easel"};
static struct shelf first = {.limit = 16};
int _fltused = 1;

__declspec(noinline) static int kind_of(unsigned weight)
{
    switch (weight % 11) {
    case 1: return 40;
    case 2: return 12;
    case 3: return 99;
    case 4: return 7;
    case 5: return 61;
    case 6: return 23;
    default: return (int)weight;
    }
}

__declspec(dllexport) int program_fill(int count)
{
    for (int i = 0; i < count; i++)
        shelf_add(&first, NAMES[i % 5], kind_of(GetTickCount()));
    return shelf_weight(&first);
}

int __stdcall program_entry(void *library, unsigned reason, void *reserved)
{
    (void)library;
    (void)reserved;
    return reason == 1;
}

void program_start(void)
{
    ExitProcess((unsigned)program_fill(12));
}

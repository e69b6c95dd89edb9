/* Symbols that share bytes in every way, and some that do not hold up.
   Each line of code is a run of one-byte instructions. */
    .file   "overlap.S"
    .text
    .globl  _start, whole, part, same_a, same_b, left, right, unsized, too_long, nothing
    .type   _start, @function
_start:
    .fill   8, 1, 0x90
    .size   _start, . - _start

/* A function inside another. */
    .type   whole, @function
whole:
    .fill   4, 1, 0x90
    .type   part, @function
part:
    .fill   6, 1, 0x90
    .size   part, . - part
    .fill   3, 1, 0x90
    ret
    .size   whole, . - whole

/* Two names of one function. */
    .type   same_a, @function
    .type   same_b, @function
same_a:
same_b:
    .fill   11, 1, 0x90
    ret
    .size   same_a, . - same_a
    .size   same_b, . - same_b

/* Two that cross: neither holds the other. */
    .type   left, @function
left:
    .fill   5, 1, 0x90
    .type   right, @function
right:
    .fill   5, 1, 0x90
    .size   left, . - left
    .fill   6, 1, 0x90
    .size   right, . - right

/* A label with neither size nor type in the way, then one of a type but no size. */
bare_label:
    .fill   7, 1, 0x90
    .type   unsized, @function
unsized:
    .fill   9, 1, 0x90

/* An empty one at the place of another. */
    .type   nothing, @function
nothing:
    .size   nothing, 0

/* Longer than its section. */
    .type   too_long, @function
too_long:
    ret
    .size   too_long, 4096

    .data
    .globl  record, field
    .type   record, @object
    .type   field, @object
record:
    .quad   1, 2
field:
    .quad   3
    .size   field, . - field
    .quad   4
    .size   record, . - record

    .bss
    .globl  buffer, tail
    .type   buffer, @object
    .type   tail, @object
buffer:
    .skip   48
tail:
    .skip   16
    .size   tail, . - tail
    .size   buffer, . - buffer

/* A value that is no address. */
    .globl  answer
    .set    answer, 42
    .section .note.GNU-stack, "", @progbits

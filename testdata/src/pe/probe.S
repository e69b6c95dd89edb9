/* Called before frames that are larger than a page. */
        .text
        .globl  __chkstk
__chkstk:
        ret

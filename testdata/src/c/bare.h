typedef unsigned (*operation)(unsigned);
extern const operation operations[2];
extern unsigned counter;

// Prototypes of all instruction functions, from the table.
#ifndef CPU_EXEC_TABLE_H
#define CPU_EXEC_TABLE_H

#include "cpu/insn.h"

#define DECLARE_(f)                                                                           enum exec_result f(struct cpu *, const struct insn *);
#define DECLARE6_(a, b, c, d, e, f)                                                           DECLARE_(a) DECLARE_(b) DECLARE_(c) DECLARE_(d) DECLARE_(e) DECLARE_(f)
#define DECLARE_ROW_(...)                                                                     DECLARE6_(__VA_ARGS__)
#define I(map, opc, ext, pfx, name, o1, o2, o3, acc, feat, attr, ir, iw, fr, fw, fu, ud, ...) DECLARE_ROW_(__VA_ARGS__)
#include "cpu/insn.def"
#undef I

#endif

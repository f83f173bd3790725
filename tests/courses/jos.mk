# In the shape of JOS's makefile: always a port for gdb, a log if there can be one, and what its graders ask. Without a
# double quote make starts the emulator itself, and passes on to it the signal that ends make.
GDBPORT ?= $(shell expr `id -u` % 5000 + 25000)
QEMUOPTS = -kernel $(KERNEL) -append '$(WORDS)' -serial mon:stdio -gdb tcp::$(GDBPORT)
QEMUOPTS += $(shell if $(QEMU) -nographic -help | grep -q '^-D '; then echo '-D qemu.log'; fi)
QEMUOPTS += $(QEMUEXTRA)

qemu-nox:
	$(QEMU) -nographic $(QEMUOPTS)

qemu-nox-gdb:
	@echo "*** Now run 'make gdb'." 1>&2
	$(QEMU) -nographic $(QEMUOPTS) -S

print-qemu:
	@echo $(QEMU)

print-gdbport:
	@echo $(GDBPORT)

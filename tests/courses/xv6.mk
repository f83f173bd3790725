# In the shape of xv6's makefile: which emulator, which spelling of gdb's port, terminal or window.
ifndef QEMU
QEMU = $(shell which qemu-system-i386 || which qemu-system-x86_64)
endif

GDBPORT = $(shell expr `id -u` % 5000 + 25000)
QEMUGDB = $(shell if $(QEMU) -help | grep -q '^-gdb'; \
	then echo "-gdb tcp::$(GDBPORT)"; \
	else echo "-s -p $(GDBPORT)"; fi)
ifndef CPUS
CPUS := 2
endif
QEMUOPTS = -kernel $(KERNEL) -append "$(WORDS)" -smp $(CPUS) -m 512 $(QEMUEXTRA)

qemu:
	$(QEMU) -serial mon:stdio $(QEMUOPTS)

qemu-nox:
	$(QEMU) -nographic $(QEMUOPTS)

qemu-nox-gdb:
	@echo "*** Now run 'gdb'." 1>&2
	$(QEMU) -nographic $(QEMUOPTS) -S $(QEMUGDB)

print-gdb:
	@echo $(QEMUGDB)

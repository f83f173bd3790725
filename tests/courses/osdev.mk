# In the shape of what hobby kernels and courses with a kernel file have: multiboot, a serial console, hosts with KVM.
QEMUOPTS = -kernel $(KERNEL) -append "$(WORDS)" -m 1G

run:
	$(QEMU) $(QEMUOPTS) -serial stdio -monitor none -k en-us -vga std -boot d

run-nox:
	$(QEMU) $(QEMUOPTS) -nographic -no-reboot

run-kvm:
	$(QEMU) $(QEMUOPTS) -enable-kvm -cpu max -machine pc,accel=kvm -nographic -no-reboot

run-icount:
	$(QEMU) $(QEMUOPTS) -nographic -icount shift=auto,sleep=off -rtc base=utc,clock=vm -nic none

run-log:
	$(QEMU) $(QEMUOPTS) -display none -no-reboot -serial file:serial.log -pidfile qemu.pid

run-modules:
	$(QEMU) -kernel $(KERNEL) -initrd "$(MODULES)" -append "$(WORDS)" -nographic -no-reboot

# In the shape of test runners that end by the debug exit: a success is 33, since 0 and 1 mean something else.
TESTOPTS = -device isa-debug-exit,iobase=0xf4,iosize=0x04 -serial stdio -display none

test:
	$(QEMU) -kernel $(KERNEL) -append "$(WORDS)" -no-reboot $(TESTOPTS); [ $$? -eq 33 ]

test-501:
	$(QEMU) -device isa-debug-exit -kernel $(KERNEL) -append "$(WORDS) port=1281" -m 4 -net none -nographic \
	  -monitor null; [ $$? -eq 99 ]

test-file:
	$(QEMU) -kernel $(KERNEL) -append "$(WORDS)" -no-reboot -display none -serial file:serial.log \
	  -device isa-debug-exit,iobase=0xf4,iosize=4; [ $$? -eq 33 ]
	grep -q 'debug exit' serial.log

test-two:
	$(QEMU) -kernel $(KERNEL) -append "$(WORDS)" -display none -serial file:one.log -serial file:two.log \
	  -debugcon file:debug.log -monitor null -net none; [ $$? -eq 33 ]

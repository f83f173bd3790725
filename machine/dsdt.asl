// The board pc-1 as ACPI describes it (ACPI Specification 6.3, chapters 6 and 9; PIIX3 data sheet 290550 for PIRQRC).
// What differs from machine to machine comes from a small SSDT that acpi.c writes: \SERC, \PCIM, \PMIO
// and \PVPN.
//
// PCI interrupts use the PIIX3's links with both interrupt controllers: INTIN0 to INTIN15 of the I/O APIC are the ISA
// IRQs, and the MADT says that those a link can choose are level-triggered, active high.
//
// Not implemented: anything hot-pluggable, thermal zones, sleeping other than soft off.
DefinitionBlock ("", "DSDT", 2, "SNOWGL", "PC-1    ", 1)
{
    External (\SERC, IntObj) // serial ports present
    External (\PCIM, IntObj) // first address of the PCI memory window: the end of low RAM
    External (\PMIO, IntObj) // I/O base of the power management block
    External (\PVPN, IntObj) // 1: there is a pvpanic device

    Name (\_S5, Package () { 0, 0, 0, 0 })

    Scope (\_SB)
    {
        Device (CPU0)
        {
            Name (_HID, "ACPI0007")
            Name (_UID, 0)
        }

        Device (PCI0)
        {
            Name (_HID, EisaId ("PNP0A03"))
            Name (_UID, 0)
            Name (_BBN, 0)

            Name (RSRC, ResourceTemplate ()
            {
                WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode, 0, 0, 0xFF, 0, 0x100)
                IO (Decode16, 0xCF8, 0xCF8, 1, 8)
                WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange, 0, 0, 0xCF7, 0, 0xCF8)
                WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange, 0, 0xD00, 0xFFFF, 0, 0xF300)
                DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,
                    0, 0xA0000, 0xBFFFF, 0, 0x20000)
                DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,
                    0, 0xE0000000, 0xFEBFFFFF, 0, 0x1EC00000, , , WNDW)
            })
            CreateDWordField (RSRC, WNDW._MIN, WMIN)
            CreateDWordField (RSRC, WNDW._MAX, WMAX)
            CreateDWordField (RSRC, WNDW._LEN, WLEN)
            Method (_CRS, 0, Serialized)
            {
                WMIN = \PCIM
                WLEN = WMAX - WMIN + 1
                Return (RSRC)
            }

            // Pins INTA# to INTD# of each slot. INTx# of device d is wired to PIRQ (x + d - 1) mod 4; INTA# of the
            // south bridge is that of its power management function, the SCI.
            Name (_PRT, Package ()
            {
                Package () { 0x01FFFF, 0, LNKS, 0 }, Package () { 0x01FFFF, 1, LNKB, 0 },
                Package () { 0x01FFFF, 2, LNKC, 0 }, Package () { 0x01FFFF, 3, LNKD, 0 },
                Package () { 0x02FFFF, 0, LNKB, 0 }, Package () { 0x02FFFF, 1, LNKC, 0 },
                Package () { 0x02FFFF, 2, LNKD, 0 }, Package () { 0x02FFFF, 3, LNKA, 0 },
                Package () { 0x03FFFF, 0, LNKC, 0 }, Package () { 0x03FFFF, 1, LNKD, 0 },
                Package () { 0x03FFFF, 2, LNKA, 0 }, Package () { 0x03FFFF, 3, LNKB, 0 },
                Package () { 0x04FFFF, 0, LNKD, 0 }, Package () { 0x04FFFF, 1, LNKA, 0 },
                Package () { 0x04FFFF, 2, LNKB, 0 }, Package () { 0x04FFFF, 3, LNKC, 0 },
                Package () { 0x05FFFF, 0, LNKA, 0 }, Package () { 0x05FFFF, 1, LNKB, 0 },
                Package () { 0x05FFFF, 2, LNKC, 0 }, Package () { 0x05FFFF, 3, LNKD, 0 },
                Package () { 0x06FFFF, 0, LNKB, 0 }, Package () { 0x06FFFF, 1, LNKC, 0 },
                Package () { 0x06FFFF, 2, LNKD, 0 }, Package () { 0x06FFFF, 3, LNKA, 0 },
                Package () { 0x07FFFF, 0, LNKC, 0 }, Package () { 0x07FFFF, 1, LNKD, 0 },
                Package () { 0x07FFFF, 2, LNKA, 0 }, Package () { 0x07FFFF, 3, LNKB, 0 },
                Package () { 0x08FFFF, 0, LNKD, 0 }, Package () { 0x08FFFF, 1, LNKA, 0 },
                Package () { 0x08FFFF, 2, LNKB, 0 }, Package () { 0x08FFFF, 3, LNKC, 0 },
                Package () { 0x09FFFF, 0, LNKA, 0 }, Package () { 0x09FFFF, 1, LNKB, 0 },
                Package () { 0x09FFFF, 2, LNKC, 0 }, Package () { 0x09FFFF, 3, LNKD, 0 },
                Package () { 0x0AFFFF, 0, LNKB, 0 }, Package () { 0x0AFFFF, 1, LNKC, 0 },
                Package () { 0x0AFFFF, 2, LNKD, 0 }, Package () { 0x0AFFFF, 3, LNKA, 0 },
                Package () { 0x0BFFFF, 0, LNKC, 0 }, Package () { 0x0BFFFF, 1, LNKD, 0 },
                Package () { 0x0BFFFF, 2, LNKA, 0 }, Package () { 0x0BFFFF, 3, LNKB, 0 },
                Package () { 0x0CFFFF, 0, LNKD, 0 }, Package () { 0x0CFFFF, 1, LNKA, 0 },
                Package () { 0x0CFFFF, 2, LNKB, 0 }, Package () { 0x0CFFFF, 3, LNKC, 0 },
                Package () { 0x0DFFFF, 0, LNKA, 0 }, Package () { 0x0DFFFF, 1, LNKB, 0 },
                Package () { 0x0DFFFF, 2, LNKC, 0 }, Package () { 0x0DFFFF, 3, LNKD, 0 },
                Package () { 0x0EFFFF, 0, LNKB, 0 }, Package () { 0x0EFFFF, 1, LNKC, 0 },
                Package () { 0x0EFFFF, 2, LNKD, 0 }, Package () { 0x0EFFFF, 3, LNKA, 0 },
                Package () { 0x0FFFFF, 0, LNKC, 0 }, Package () { 0x0FFFFF, 1, LNKD, 0 },
                Package () { 0x0FFFFF, 2, LNKA, 0 }, Package () { 0x0FFFFF, 3, LNKB, 0 },
                Package () { 0x10FFFF, 0, LNKD, 0 }, Package () { 0x10FFFF, 1, LNKA, 0 },
                Package () { 0x10FFFF, 2, LNKB, 0 }, Package () { 0x10FFFF, 3, LNKC, 0 },
                Package () { 0x11FFFF, 0, LNKA, 0 }, Package () { 0x11FFFF, 1, LNKB, 0 },
                Package () { 0x11FFFF, 2, LNKC, 0 }, Package () { 0x11FFFF, 3, LNKD, 0 },
                Package () { 0x12FFFF, 0, LNKB, 0 }, Package () { 0x12FFFF, 1, LNKC, 0 },
                Package () { 0x12FFFF, 2, LNKD, 0 }, Package () { 0x12FFFF, 3, LNKA, 0 },
                Package () { 0x13FFFF, 0, LNKC, 0 }, Package () { 0x13FFFF, 1, LNKD, 0 },
                Package () { 0x13FFFF, 2, LNKA, 0 }, Package () { 0x13FFFF, 3, LNKB, 0 },
                Package () { 0x14FFFF, 0, LNKD, 0 }, Package () { 0x14FFFF, 1, LNKA, 0 },
                Package () { 0x14FFFF, 2, LNKB, 0 }, Package () { 0x14FFFF, 3, LNKC, 0 },
                Package () { 0x15FFFF, 0, LNKA, 0 }, Package () { 0x15FFFF, 1, LNKB, 0 },
                Package () { 0x15FFFF, 2, LNKC, 0 }, Package () { 0x15FFFF, 3, LNKD, 0 },
                Package () { 0x16FFFF, 0, LNKB, 0 }, Package () { 0x16FFFF, 1, LNKC, 0 },
                Package () { 0x16FFFF, 2, LNKD, 0 }, Package () { 0x16FFFF, 3, LNKA, 0 },
                Package () { 0x17FFFF, 0, LNKC, 0 }, Package () { 0x17FFFF, 1, LNKD, 0 },
                Package () { 0x17FFFF, 2, LNKA, 0 }, Package () { 0x17FFFF, 3, LNKB, 0 },
                Package () { 0x18FFFF, 0, LNKD, 0 }, Package () { 0x18FFFF, 1, LNKA, 0 },
                Package () { 0x18FFFF, 2, LNKB, 0 }, Package () { 0x18FFFF, 3, LNKC, 0 },
                Package () { 0x19FFFF, 0, LNKA, 0 }, Package () { 0x19FFFF, 1, LNKB, 0 },
                Package () { 0x19FFFF, 2, LNKC, 0 }, Package () { 0x19FFFF, 3, LNKD, 0 },
                Package () { 0x1AFFFF, 0, LNKB, 0 }, Package () { 0x1AFFFF, 1, LNKC, 0 },
                Package () { 0x1AFFFF, 2, LNKD, 0 }, Package () { 0x1AFFFF, 3, LNKA, 0 },
                Package () { 0x1BFFFF, 0, LNKC, 0 }, Package () { 0x1BFFFF, 1, LNKD, 0 },
                Package () { 0x1BFFFF, 2, LNKA, 0 }, Package () { 0x1BFFFF, 3, LNKB, 0 },
                Package () { 0x1CFFFF, 0, LNKD, 0 }, Package () { 0x1CFFFF, 1, LNKA, 0 },
                Package () { 0x1CFFFF, 2, LNKB, 0 }, Package () { 0x1CFFFF, 3, LNKC, 0 },
                Package () { 0x1DFFFF, 0, LNKA, 0 }, Package () { 0x1DFFFF, 1, LNKB, 0 },
                Package () { 0x1DFFFF, 2, LNKC, 0 }, Package () { 0x1DFFFF, 3, LNKD, 0 },
                Package () { 0x1EFFFF, 0, LNKB, 0 }, Package () { 0x1EFFFF, 1, LNKC, 0 },
                Package () { 0x1EFFFF, 2, LNKD, 0 }, Package () { 0x1EFFFF, 3, LNKA, 0 },
                Package () { 0x1FFFFF, 0, LNKC, 0 }, Package () { 0x1FFFFF, 1, LNKD, 0 },
                Package () { 0x1FFFFF, 2, LNKA, 0 }, Package () { 0x1FFFFF, 3, LNKB, 0 }
            })

            Device (ISA)
            {
                Name (_ADR, 0x00010000)
                OperationRegion (PIRQ, PCI_Config, 0x60, 4)
                Field (PIRQ, ByteAcc, NoLock, Preserve)
                {
                    RTEA, 8, // PIRQRCA to PIRQRCD: bit 7 not routed, bits 3:0 the IRQ
                    RTEB, 8,
                    RTEC, 8,
                    RTED, 8
                }

                Device (RTC)
                {
                    Name (_HID, EisaId ("PNP0B00"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x70, 0x70, 1, 2)
                        IRQNoFlags () { 8 }
                    })
                }

                Device (PIC)
                {
                    Name (_HID, EisaId ("PNP0000"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x20, 0x20, 1, 2)
                        IO (Decode16, 0xA0, 0xA0, 1, 2)
                        IO (Decode16, 0x4D0, 0x4D0, 1, 2)
                        IRQNoFlags () { 2 }
                    })
                }

                Device (PIT)
                {
                    Name (_HID, EisaId ("PNP0100"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x40, 0x40, 1, 4)
                        IRQNoFlags () { 0 }
                    })
                }

                Device (KBD)
                {
                    Name (_HID, EisaId ("PNP0303"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x60, 0x60, 1, 1)
                        IO (Decode16, 0x64, 0x64, 1, 1)
                        IRQNoFlags () { 1 }
                    })
                }

                Device (MOU)
                {
                    Name (_HID, EisaId ("PNP0F13"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IRQNoFlags () { 12 }
                    })
                }

                Device (FWCF)
                {
                    Name (_HID, "QEMU0002")
                    Name (_STA, 0x0B)
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x510, 0x510, 1, 0x0C)
                    })
                }

                Device (PEVT)
                {
                    Name (_HID, "QEMU0001")
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x505, 0x505, 1, 1)
                    })
                    Method (_STA)
                    {
                        If (\PVPN)
                        {
                            Return (0x0F)
                        }
                        Return (0)
                    }
                }

                // Ports that no other device may be given: DMA controllers, system control, APM, power management.
                Device (MISC)
                {
                    Name (_HID, EisaId ("PNP0C02"))
                    Name (RSRC, ResourceTemplate ()
                    {
                        IO (Decode16, 0x00, 0x00, 1, 0x10)
                        IO (Decode16, 0x61, 0x61, 1, 1)
                        IO (Decode16, 0x80, 0x80, 1, 0x10)
                        IO (Decode16, 0x92, 0x92, 1, 1)
                        IO (Decode16, 0xB2, 0xB2, 1, 2)
                        IO (Decode16, 0xC0, 0xC0, 1, 0x20)
                        IO (Decode16, 0x0000, 0x0000, 1, 0x40, PMBK)
                    })
                    CreateWordField (RSRC, PMBK._MIN, PMIN)
                    CreateWordField (RSRC, PMBK._MAX, PMAX)
                    Method (_CRS, 0, Serialized)
                    {
                        PMIN = \PMIO
                        PMAX = \PMIO
                        Return (RSRC)
                    }
                }

                // A function of the number of the port: 0Fh if the board has it.
                Method (COMS, 1)
                {
                    If (\SERC > Arg0)
                    {
                        Return (0x0F)
                    }
                    Return (0)
                }

                Device (COM1)
                {
                    Name (_HID, EisaId ("PNP0501"))
                    Name (_UID, 1)
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x3F8, 0x3F8, 1, 8)
                        IRQNoFlags () { 4 }
                    })
                    Method (_STA) { Return (COMS (0)) }
                }

                Device (COM2)
                {
                    Name (_HID, EisaId ("PNP0501"))
                    Name (_UID, 2)
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x2F8, 0x2F8, 1, 8)
                        IRQNoFlags () { 3 }
                    })
                    Method (_STA) { Return (COMS (1)) }
                }

                Device (COM3)
                {
                    Name (_HID, EisaId ("PNP0501"))
                    Name (_UID, 3)
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x3E8, 0x3E8, 1, 8)
                        IRQNoFlags () { 4 }
                    })
                    Method (_STA) { Return (COMS (2)) }
                }

                Device (COM4)
                {
                    Name (_HID, EisaId ("PNP0501"))
                    Name (_UID, 4)
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x2E8, 0x2E8, 1, 8)
                        IRQNoFlags () { 3 }
                    })
                    Method (_STA) { Return (COMS (3)) }
                }
            }
        }

        Device (HPET)
        {
            Name (_HID, EisaId ("PNP0103"))
            Name (_UID, 0)
            Name (_CRS, ResourceTemplate ()
            {
                Memory32Fixed (ReadOnly, 0xFED00000, 0x400)
            })
        }

        // The state of a link by its register.
        Method (LSTA, 1)
        {
            If (Arg0 & 0x80)
            {
                Return (0x09)
            }
            Return (0x0B)
        }

        Name (ROUT, ResourceTemplate ()
        {
            Interrupt (ResourceConsumer, Level, ActiveHigh, Shared, , , LINE) { 0 }
        })
        CreateDWordField (ROUT, LINE._INT, IRQN)

        // The resources that a link uses, by its register.
        Method (LCRS, 1, Serialized)
        {
            IRQN = 0
            If (!(Arg0 & 0x80))
            {
                IRQN = Arg0 & 0x0F
            }
            Return (ROUT)
        }

        // The register's value for the resources that a system chose.
        Method (LSRS, 1, Serialized)
        {
            CreateDWordField (Arg0, 5, IRQS) // the first interrupt of an extended descriptor
            Return (IRQS & 0x0F)
        }

        Name (LPRS, ResourceTemplate ()
        {
            Interrupt (ResourceConsumer, Level, ActiveHigh, Shared) { 5, 10, 11 }
        })

        // The PIIX3's four interrupt links.
        Device (LNKA)
        {
            Name (_HID, EisaId ("PNP0C0F"))
            Name (_UID, 1)
            Method (_STA) { Return (LSTA (\_SB.PCI0.ISA.RTEA)) }
            Method (_PRS) { Return (LPRS) }
            Method (_CRS) { Return (LCRS (\_SB.PCI0.ISA.RTEA)) }
            Method (_DIS) { \_SB.PCI0.ISA.RTEA |= 0x80 }
            Method (_SRS, 1) { \_SB.PCI0.ISA.RTEA = LSRS (Arg0) }
        }
        Device (LNKB)
        {
            Name (_HID, EisaId ("PNP0C0F"))
            Name (_UID, 2)
            Method (_STA) { Return (LSTA (\_SB.PCI0.ISA.RTEB)) }
            Method (_PRS) { Return (LPRS) }
            Method (_CRS) { Return (LCRS (\_SB.PCI0.ISA.RTEB)) }
            Method (_DIS) { \_SB.PCI0.ISA.RTEB |= 0x80 }
            Method (_SRS, 1) { \_SB.PCI0.ISA.RTEB = LSRS (Arg0) }
        }
        Device (LNKC)
        {
            Name (_HID, EisaId ("PNP0C0F"))
            Name (_UID, 3)
            Method (_STA) { Return (LSTA (\_SB.PCI0.ISA.RTEC)) }
            Method (_PRS) { Return (LPRS) }
            Method (_CRS) { Return (LCRS (\_SB.PCI0.ISA.RTEC)) }
            Method (_DIS) { \_SB.PCI0.ISA.RTEC |= 0x80 }
            Method (_SRS, 1) { \_SB.PCI0.ISA.RTEC = LSRS (Arg0) }
        }
        Device (LNKD)
        {
            Name (_HID, EisaId ("PNP0C0F"))
            Name (_UID, 4)
            Method (_STA) { Return (LSTA (\_SB.PCI0.ISA.RTED)) }
            Method (_PRS) { Return (LPRS) }
            Method (_CRS) { Return (LCRS (\_SB.PCI0.ISA.RTED)) }
            Method (_DIS) { \_SB.PCI0.ISA.RTED |= 0x80 }
            Method (_SRS, 1) { \_SB.PCI0.ISA.RTED = LSRS (Arg0) }
        }

        // The power management function's interrupt, which cannot be routed elsewhere.
        Device (LNKS)
        {
            Name (_HID, EisaId ("PNP0C0F"))
            Name (_UID, 5)
            Name (RSRC, ResourceTemplate ()
            {
                Interrupt (ResourceConsumer, Level, ActiveHigh, Shared) { 9 }
            })
            Method (_STA) { Return (0x0B) }
            Method (_PRS) { Return (RSRC) }
            Method (_CRS) { Return (RSRC) }
            Method (_DIS) { }
            Method (_SRS, 1) { }
        }
    }
}

// A repeated OUT ends at the iteration that ends the run, however the run is cut into slices.
        .code64
        mov $0xf4,%edx
        mov $0x30000,%esi
        mov $10,%ecx
        rep outsb
        hlt
//= RCX 9

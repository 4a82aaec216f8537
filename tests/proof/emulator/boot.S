/* From reset to 64-bit code with every vector register enabled: no firmware, no operating system. */
  .section .rom, "ax"
  .code16
rom:
  cli
  lgdtl %cs:(gdtr - rom)
  movl %cr0, %eax
  orb $1, %al
  movl %eax, %cr0
  ljmpl $8, $protected

  .code32
protected:
  movw $16, %ax
  movw %ax, %ds
  movw %ax, %es
  movw %ax, %ss
  /* The image stands at the start of the disk; read it sector by sector to where it was linked. */
  xorl %ebx, %ebx
  movl $image_start, %edi
sector:
  movw $0x1f2, %dx
  movb $1, %al
  outb %al, %dx
  movl %ebx, %eax
  incw %dx
  outb %al, %dx
  shrl $8, %eax
  incw %dx
  outb %al, %dx
  shrl $8, %eax
  incw %dx
  outb %al, %dx
  incw %dx
  movb $0xe0, %al
  outb %al, %dx
  incw %dx
  movb $0x20, %al
  outb %al, %dx
wait:
  inb %dx, %al
  andb $0x88, %al
  cmpb $8, %al
  jne wait
  movw $0x1f0, %dx
  movl $256, %ecx
  rep insw
  incl %ebx
  cmpl $image_sectors, %ebx
  jb sector

  movl %cr4, %eax
  orl $0x40620, %eax /* PAE, OSFXSR, OSXMMEXCPT, OSXSAVE */
  movl %eax, %cr4
  movl $level4, %eax
  movl %eax, %cr3
  movl $0xc0000080, %ecx
  rdmsr
  orl $0x100, %eax /* LME */
  wrmsr
  movl %cr0, %eax
  andl $~4, %eax
  orl $0x80000002, %eax /* PG, MP */
  movl %eax, %cr0
  ljmpl $24, $wide

  .balign 8
gdt:
  .quad 0, 0x00cf9b000000ffff, 0x00cf93000000ffff, 0x00af9b000000ffff
gdtr:
  .word gdtr - gdt - 1
  .long gdt
  .org 0xfff0
  .code16
  jmp rom
  .org 0x10000

  .text
  .code64
wide:
  xorl %ecx, %ecx
  xorl %edx, %edx
  movl $0xe7, %eax /* x87, SSE, AVX, and the three parts of AVX-512 */
  xsetbv
  leaq stack_end(%rip), %rsp
  call run_jobs
  movw $0x8900, %dx /* Bochs ends when this port is told so. */
  leaq farewell(%rip), %rsi
  movl $8, %ecx
  rep outsb
halt:
  hlt
  jmp halt
farewell:
  .ascii "Shutdown"

  .data
  .balign 4096
level4:
  .quad level3 + 3
  .fill 511, 8, 0
level3:
  .quad 0x83, 0, 0, 0xc0000083 /* memory and ROM, where they are */
  .fill 508, 8, 0

  .bss
  .balign 64
  .fill 1 << 20
stack_end:
  .section .note.GNU-stack, "", @progbits

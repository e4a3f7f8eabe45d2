// SPDX-License-Identifier: MIT
// A plugin of QEMU's translator (docs/devel/tcg-plugins.rst in QEMU's sources, version 1 of its interface): counts how often each block
// of instructions is executed. At the end it writes a line for each: address, executions, instructions, the block's bytes.
//
//     -plugin count.so,counts=FILE
//
// Several processes have different code at the same address: blocks are told apart by their bytes, and whoever reads the file
// finds the program that has them there. For one CPU only.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What of QEMU's interface is used.
typedef uint64_t plugin_id;
struct block;        // qemu_plugin_tb
struct instruction;  // qemu_plugin_insn
enum { ADD_U64 = 0 };
extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, void (*callback)(plugin_id, struct block *));
extern void qemu_plugin_register_atexit_cb(plugin_id id, void (*callback)(plugin_id, void *), void *data);
extern size_t qemu_plugin_tb_n_insns(const struct block *block);
extern uint64_t qemu_plugin_tb_vaddr(const struct block *block);
extern struct instruction *qemu_plugin_tb_get_insn(const struct block *block, size_t index);
extern const void *qemu_plugin_insn_data(const struct instruction *instruction);
extern size_t qemu_plugin_insn_size(const struct instruction *instruction);
extern void qemu_plugin_register_vcpu_tb_exec_inline(struct block *block, int operation, void *counter, uint64_t value);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

enum { MOST_BYTES = 4096, BUCKETS = 1 << 16 };

struct counted {
    struct counted *next;
    uint64_t address;
    uint64_t executions;
    size_t instructions;
    size_t size;
    unsigned char bytes[];
};

static struct counted *buckets[BUCKETS];
static FILE *output;

static struct counted *find(uint64_t address, size_t instructions, const unsigned char *bytes, size_t size)
{
    struct counted **place = &buckets[(address ^ address >> 16) % BUCKETS];
    for (struct counted *c = *place; c; c = c->next)
        if (c->address == address && c->size == size && memcmp(c->bytes, bytes, size) == 0)
            return c;
    struct counted *c = malloc(sizeof *c + size);
    if (!c)
        abort();
    *c = (struct counted){ .next = *place, .address = address, .instructions = instructions, .size = size };
    memcpy(c->bytes, bytes, size);
    return *place = c;
}

static void on_translation(plugin_id id, struct block *block)
{
    (void)id;
    unsigned char bytes[MOST_BYTES];
    size_t size = 0;
    size_t count = qemu_plugin_tb_n_insns(block);
    for (size_t i = 0; i < count; i++) {
        struct instruction *instruction = qemu_plugin_tb_get_insn(block, i);
        size_t length = qemu_plugin_insn_size(instruction);
        if (size + length > sizeof bytes)
            abort();
        memcpy(bytes + size, qemu_plugin_insn_data(instruction), length);
        size += length;
    }
    struct counted *counted = find(qemu_plugin_tb_vaddr(block), count, bytes, size);
    qemu_plugin_register_vcpu_tb_exec_inline(block, ADD_U64, &counted->executions, 1);
}

static void write_counts(plugin_id id, void *data)
{
    (void)id;
    (void)data;
    for (size_t i = 0; i < BUCKETS; i++)
        for (const struct counted *c = buckets[i]; c; c = c->next) {
            fprintf(output, "%llx %llu %zu ", (unsigned long long)c->address, (unsigned long long)c->executions,
                    c->instructions);
            for (size_t j = 0; j < c->size; j++)
                fprintf(output, "%02x", c->bytes[j]);
            fputc('\n', output);
        }
    fclose(output);
}

__attribute__((visibility("default"))) int qemu_plugin_install(plugin_id id, const void *info, int count, char **arguments)
{
    (void)info;
    if (count != 1 || strncmp(arguments[0], "counts=", 7) != 0 || !(output = fopen(arguments[0] + 7, "w"))) {
        fputs("count.so wants counts=FILE, which it can write\n", stderr);
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, write_counts, NULL);
    return 0;
}

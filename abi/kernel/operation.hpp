// SPDX-License-Identifier: MIT
// Operations on kernel objects: labels for `call` on a capability that is not an endpoint.
//
// After each: its words in (w0..w5), what it needs, and its words out. "cap" is an index in the
// caller's own table,
// "-> cap" a new capability put into a free slot of the caller's table. Sizes and addresses are
// bytes; those of pages are multiples of 4096. Every operation may also return invalid_capability,
// wrong_type, missing_right.
#pragma once

#include <cstdint>

namespace abi {

enum class BankOp : std::uint16_t {
    create =
        1,  // w0 ObjectType, w1..w4 as below -> w0 cap, all rights. Errors: no_memory, table_full
            //   bank:          w1 limit in bytes (at most what is enforced above anyway)
            //   cap_table:     w1 slots (1 to 65536)
            //   address_space: -
            //   memory:        w1 bytes, w2 MemoryFlags, w3 pager endpoint cap or 0, w4 pager badge
            //   thread:        w1 address space cap, w2 cap table cap, w3 Memory cap of its two
            //   pages
            //                  (message page, control page), w4 offset in it, w5 ThreadFlags
            //   sched_context: w1 parent context cap, w2 priority (0 to 255, at most the parent's),
            //                  w3 budget ns, w4 period ns (budget 0: no limit)
            //   endpoint, reply, notification: -
    query,  // -> w0 limit, w1 charged bytes here and below, w2 charged bytes here, w3 free bytes of
            // the machine
    set_limit,  // w0 bytes. manage
    destroy,    // destroys everything bought from it and from its sub-banks, and itself. manage
    activity,   // -> w0 ns that were charged to scheduling contexts bought here, w1 calls and sends
                // that threads bought here have made. query
    watch,  // w0 notification cap, w1 bits (of a badged one: its own), w2 bytes: signals once, when
            // less than so many are left to the limit, or that changes. manage; signal there
};

enum class CapTableOp : std::uint16_t {
    copy = 1,  // w0 cap, w1 rights to keep, w2 slot in this table or any_slot -> w0 slot. insert
    mint,      // w0 cap, w1 rights, w2 slot or any_slot, w3 badge, w4 MintFlags -> w0 slot. insert
    move,      // w0 cap, w2 slot or any_slot -> w0 slot. insert
    remove,  // w0 slot, w1..w5 further slots, until one is 0: deletes these capabilities, in this order, until one
             // names nothing. manage
    revoke,  // w0 slot: deletes all that were derived from it, in every table. manage
    clone,  // w0 bank cap, w1 first slot -> w0 cap of a new table with the same capabilities in the
            // same slots, from that one on. manage
    query,  // w0 slot -> w0 ObjectType, w1 rights, w2 badge. manage
    // w0 the table (manage) that the capabilities come from, or 0: the caller's own. Payload: Placements, 1 to most_placed. Each
    // is done, in this order, until one fails -> w0 how many are done; payload: as it was, each with the slot that it has got. An
    // error only if the first one fails. insert
    fill,
};

inline constexpr std::uint64_t most_placed = 16;  // by one fill

// What CapTableOp::copy, mint or move would be told: w0 to w4, and which it is. invalid_argument: none of the three.
struct Placement {
    std::uint64_t source;  // a slot of the table that it comes from
    std::uint64_t rights;
    std::uint64_t slot;  // in the table that is filled, or any_slot
    std::uint64_t badge;
    std::uint64_t flags;  // MintFlags
    CapTableOp how;
    std::uint16_t reserved[3] = {};
};
static_assert(sizeof(Placement) == 48);

enum class AddressSpaceOp : std::uint16_t {
    map = 1,  // w0 Memory cap, w1 address, w2 length, w3 offset in the Memory, w4 MapFlags. map
    unmap,    // w0 address, w1 length: whatever is mapped there. map
    protect,  // w0 address, w1 length, w2 MapFlags (read, write, execute only): all must be mapped.
              // map
    clone,    // w0 bank cap, w1 address (0, or a multiple of 512 GiB) -> w0 cap of a copy-on-write
              // copy; of what is below the address no copy: that is lent. clone
    futex_wait,  // w0 address (multiple of 4), w1 expected 32-bit value, w2 bitset (0 = all). May
                 // have a
                 //   deadline and be interruptible. Errors: changed, timed_out, interrupted. futex
    futex_wake,  // w0 address, w1 how many, w2 bitset (0 = all) -> w0 woken. futex
    futex_requeue,  // w0 address, w1 how many to wake, w2 second address, w3 how many to move, w4
                    // flags (bit 0: compare
                    //   the word with w5 first) -> w0 woken, w1 moved. futex
    query,   // w0 address -> w0 region start, w1 length, w2 MapFlags, w3 resident bytes in it;
             //   not_mapped, with w0 = start of the next region or 0, if there is none. map
    settle,  // w0 0: what is lent to this space is no longer there; 1: it has a copy-on-write copy
             // of it from now on -> w0 1, or 0 if nothing was lent to it. map
};

enum class MemoryOp : std::uint16_t {
    query = 1,  // -> w0 bytes, w1 committed bytes, w2 MemoryFlags, w3 reserved bytes
    resize,     // w0 bytes: shrinking discards. manage
    clone,      // w0 bank cap, w1 offset, w2 length -> w0 cap: copy-on-write copy. read
    read,       // w0 offset, w1 length (to 4096) -> payload in the message page. read
    write,      // w0 offset, payload in the message page. write
    decommit,   // w0 offset, w1 length: the pages are zero again, and free. manage
    supply,     // w0 offset, w1 length (to most_supplied pages), w2 source Memory cap, w3 offset in
                // it: moves pages in for the pager, all or none. manage
    fail,  // w0 offset, w1 length: the pager cannot supply: waiting threads get a fault. manage
    pin,  // w0 offset, w1 length (to 512 pages), w2 device memory cap (physical): commits; payload:
          // u64 physical address of each page. physical
    window,   // w0 offset, w1 length, w2 bank cap -> w0 cap: a part of device memory. physical
    commit,   // w0 offset, w1 length: allocates now what is not there yet. write
    reserve,  // w0 bytes (0: none): so much is charged from now on, and pages up to it need no
              // further charge when they come. Not for device memory. manage
    // w0 to w3 as supply, w4 as rdi of receive: supplies, then receives, whose answer it has, and
    // whose deadline the tag's is. manage; and receive on the endpoint, use on the reply object
    supply_and_receive,
};

inline constexpr std::uint64_t most_supplied = 16;  // pages, by one call

enum class ThreadOp : std::uint16_t {
    start = 1,      // w0 rip, w1 rsp, w2 rdi, w3 gs base, w4 fs base. control
    stop,           // takes it off the CPU; a blocking call it is in goes on waiting. control
    resume,         // control
    get_registers,  // -> payload: Registers (of a stopped or blocked thread). control
    set_registers,  // payload: Registers; the thread continues with them once resumed. control
    interrupt,      // upcall, or pending flag; ends an interruptible call. interrupt
    set_upcalls,  // w0 system-call entry, w1 exception entry, w2 interrupt entry (0: none). control
    set_fault_handler,  // w0 endpoint cap (or 0), w1 badge (a badged cap has its own). control
    query,              // -> w0 ThreadState, w1 CPU time ns, w2 priority
    bind_notification,  // w0 notification cap or 0: receive also returns its signals. control
    set_name,  // w0, w1: 16 bytes of text, for people who trace; the kernel makes nothing of it. control
};

enum class SchedContextOp : std::uint16_t {
    bind = 1,  // w0 thread cap. bind
    unbind,    // bind
    query,     // -> w0 consumed ns, w1 priority, w2 budget ns, w3 period ns
};

enum class NotificationOp : std::uint16_t {
    peek = 1,  // -> w0 bits, not cleared. wait
    // w0 target notification cap (signal right), w1 bits: whenever this one is signalled, the
    // target is too, with these bits. At once if bits are set now. Charged to this one's bank. wait
    subscribe,
    unsubscribe,  // w0 target notification cap. wait
};

enum class InterruptControlOp : std::uint16_t {
    create_line =
        1,       // w0 global system interrupt, w1 InterruptFlags, w2 bank cap -> w0 Interrupt cap
    create_msi,  // w2 bank cap -> w0 Interrupt cap, w1 MSI address, w2 MSI data
    start_cpus,  // all CPUs run threads from now on; until then one does
};

enum class InterruptOp : std::uint16_t {
    bind = 1,     // w0 notification cap (signal), w1 bits. use
    acknowledge,  // lets the line interrupt again. use
};

enum class IoPortsOp : std::uint16_t {
    in = 1,  // w0 port, w1 bytes (1, 2, 4) -> w0 value. use
    out,     // w0 port, w1 bytes, w2 value. use
    window,  // w0 first, w1 count, w2 bank cap -> w0 cap. window
    write,   // w0 port, payload: its bytes go to this port one after the other. use
};

enum class LogOp : std::uint16_t {
    write = 1,  // payload: text. write
    // w0 position -> w0 next position, payload: text from there on (empty if none). read
    read,
    // w0 0 or 1: does the kernel also write the log to the early console (COM1)? write
    set_echo,
    // w0 Memory cap (write), 1 to 512 pages, one at least for each CPU: from now on events are
    // recorded in it, until trace_stop or its end. -> w0 how many CPUs. trace
    trace_start,
    // w0 CPU -> w0 events lost so far; payload: TraceEvents (abi/kernel/trace.hpp), the oldest first,
    // which are gone from the ring. trace
    trace_read,
    trace_stop,  // trace
};

// An endpoint or reply object has no operations: `call` on an endpoint is a message. Every other
// object answers this label, which does nothing; it measures the cost of entering the kernel.
inline constexpr std::uint16_t null_operation = 0;

struct MemoryFlags {
    static constexpr std::uint64_t contiguous =
        1;                                        // physically contiguous, committed at once (DMA)
    static constexpr std::uint64_t physical = 2;  // out only: device memory
    static constexpr std::uint64_t pager = 4;     // out only: has a pager
};
struct ThreadFlags {
    static constexpr std::uint64_t fpu = 1;  // uses x87/SSE/AVX registers
};
struct MintFlags {
    static constexpr std::uint64_t drop_guard =
        1;  // when the last copy disappears: endpoint: a drop message with the
            // badge; notification: it is signalled with the badge as bits
};
struct MapFlags {
    static constexpr std::uint64_t read = 1;
    static constexpr std::uint64_t write = 2;
    static constexpr std::uint64_t execute = 4;  // never together with write
    static constexpr std::uint64_t access = read | write | execute;
    // What AddressSpace.clone does with the region:
    static constexpr std::uint64_t on_clone_copy = 0;       // a copy-on-write clone of the Memory
    static constexpr std::uint64_t on_clone_share = 0x10;   // the same Memory
    static constexpr std::uint64_t on_clone_drop = 0x20;    // not mapped in the clone
    static constexpr std::uint64_t uncached = 0x40;         // device registers
    static constexpr std::uint64_t write_combining = 0x80;  // framebuffer
    // For AddressSpace.map alone: pages of the first 2 MiB that are there already need no fault.
    static constexpr std::uint64_t populate = 0x100;
};
struct InterruptFlags {
    static constexpr std::uint64_t level = 1;
    static constexpr std::uint64_t active_low = 2;
};
enum class ThreadState : std::uint8_t { stopped, ready, running, blocked, faulted };

}  // namespace abi

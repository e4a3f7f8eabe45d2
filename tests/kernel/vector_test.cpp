// SPDX-License-Identifier: MIT
//
// The kernel clears and copies pages through vector registers where that is faster. Nobody may notice: neither a thread whose
// own faults make it do so, nor one whose values lie in the registers while others have faults, nor the next owner of them.

#include <array>
#include <atomic>
#include <cstring>

#include "libs/rt/mapping.hpp"
#include "tests/kernel/peer.hpp"

using test::bank;
using test::eventually;

namespace {

constexpr std::uint64_t page = abi::page_size;
constexpr std::uint64_t touched_pages = 8;
constexpr std::uint64_t area_pages = 3;  // a thread's two, and one for Held

using Vectors = std::array<std::array<std::uint64_t, 4>, 16>;

// vectors.S knows the order.
struct Held {
    Vectors first, in, out;
    std::uint64_t pages, pages_end;
    std::uint64_t in_use, in_use_after;
    std::atomic<std::uint64_t> holds, go, done;
};
static_assert(offsetof(Held, pages) == 1536 && offsetof(Held, done) == 1584);

extern "C" void hold_by_vectors(Held* held);

bool cpu_has_vectors() {
    std::uint32_t basic = 1;
    std::uint32_t features = 0;
    asm volatile("cpuid" : "+a"(basic), "=c"(features) : : "ebx", "edx");
    constexpr std::uint32_t avx = 1U << 28;
    return (features & avx) != 0;
}

// Zero-filled pages, and copies of pages, that the kernel makes for this thread.
bool take_faults() {
    const auto memory = bank()->create_memory(touched_pages * page);
    if (!memory) {
        return false;
    }
    const auto mapping = rt::map(*memory, {.length = touched_pages * page});
    if (!mapping) {
        return false;
    }
    std::memset(reinterpret_cast<void*>(mapping->address()), 0xc1, touched_pages * page);
    const auto copy = (*memory)->clone(bank(), {0, touched_pages * page});
    std::memset(reinterpret_cast<void*>(mapping->address()), 0xc2, touched_pages * page);
    return copy.has_value();
}

// A thread holds `in`, has its faults in `target`, and waits while this one has faults.
void hold(const Vectors& in, const ipc::Capability<ipc::Memory>& target) {
    const auto area = NEED(bank()->create_memory(area_pages * page));
    const auto mapping = NEED(rt::map(area, {.length = area_pages * page}));
    const auto pages = NEED(rt::map(target, {.length = touched_pages * page}));
    auto& held = *reinterpret_cast<Held*>(mapping.address() + 2 * page);
    held.in = in;
    std::memset(&held.first, 0x5e, sizeof(held.first));
    held.pages = pages.address();
    held.pages_end = pages.address() + touched_pages * page;
    const auto own = NEED(ipc::own_sched_context()->query());
    const auto context =
        NEED(bank()->create_sched_context(ipc::own_sched_context(), {.priority = own.priority}));
    const auto thread = NEED(bank()->create_thread({.space = ipc::own_space(),
                                                    .table = ipc::own_table(),
                                                    .pages = area,
                                                    .flags = abi::ThreadFlags::fpu}));
    EXPECT_OK(context->bind(thread));
    EXPECT_OK(thread->start({.rip = reinterpret_cast<std::uint64_t>(&hold_by_vectors),
                             .rdi = reinterpret_cast<std::uint64_t>(&held)}));
    EXPECT(eventually([&] { return held.holds != 0; }));
    EXPECT(take_faults());
    held.go = 1;
    EXPECT(eventually([&] { return held.done != 0; }));
    EXPECT_OK(thread->stop());
    EXPECT(held.first == Vectors{});
    EXPECT(held.out == in);
    EXPECT(held.in_use == held.in_use_after);
}

// In all four quarters of all registers something else; or only in the lower halves.
Vectors values(bool upper_halves) {
    Vectors vectors{};
    for (std::uint64_t i = 0; i < vectors.size(); ++i) {
        for (std::uint64_t k = 0; k < (upper_halves ? 4 : 2); ++k) {
            vectors[i][k] = 0x00c1'1e47'0000'0000 + i * 16 + k;
        }
    }
    vectors[0][0] = upper_halves ? vectors[0][0] : 0;  // tells vectors.S
    return vectors;
}

}  // namespace

TEST(vectors_outlive_cleared_pages) {
    for (const bool upper_halves : {true, false}) {
        if (cpu_has_vectors()) {
            const auto memory = NEED(bank()->create_memory(touched_pages * page));
            hold(values(upper_halves), memory);
        }
    }
}

TEST(vectors_outlive_copied_pages) {
    for (const bool upper_halves : {true, false}) {
        if (cpu_has_vectors()) {
            const auto memory = NEED(bank()->create_memory(touched_pages * page));
            EXPECT_OK(memory->commit({0, touched_pages * page}));
            const auto copy = NEED(memory->clone(bank(), {0, touched_pages * page}));
            hold(values(upper_halves), copy);
        }
    }
}

// SPDX-License-Identifier: MIT
#include "kernel/debug/listing.hpp"

#include <cstring>
#include <string>

#include "kernel/arch/host/kernel_fixture.hpp"
#include "kernel/object/cap_table.hpp"

namespace {

using abi::ObjectType;

class ListingTest : public host::KernelTest {
protected:
    // What is on the console after `list`.
    template <class List>
    static std::string shown_by(const List& list) {
        host::Machine::console().clear();
        list();
        return host::Machine::console();
    }
    std::uint32_t domain = static_cast<kernel::Thread&>(init.context()).table().number;
};

TEST_F(ListingTest, ShowsEachDomainWithItsThreads) {
    std::uint64_t name = 0;
    std::memcpy(&name, "worker", 6);
    const host::NewThread made = host::start_thread(init, 10, bank);
    init.call(made.thread, abi::ThreadOp::set_name, {name});
    const abi::CapIndex table = make(ObjectType::cap_table, 16);
    ASSERT_NE(table, 0U);
    const std::string text = shown_by(kernel_list_domains);
    EXPECT_NE(text.find("domain " + std::to_string(domain) + ", "), text.npos) << text;
    EXPECT_NE(text.find(" worker: ready, rip 0x"), text.npos) << text;
    EXPECT_NE(text.find(", 0 capabilities\n"), text.npos) << text;
}

TEST_F(ListingTest, ShowsTheCapabilitiesAndWhatTheyName) {
    const abi::CapIndex memory = make(ObjectType::memory, 8 * abi::page_size);
    const abi::CapIndex signals = make(ObjectType::notification);
    init.enter(abi::Syscall::signal, signals, {}, {6});
    const std::string text = shown_by([this] { kernel_list_domain(domain); });
    EXPECT_NE(text.find("  " + std::to_string(memory) + ": rights 0xff, memory 0x"), text.npos);
    EXPECT_NE(text.find("32768 bytes, 0 pages there\n"), text.npos) << text;
    EXPECT_NE(text.find(", bits 0x6\n"), text.npos);
    EXPECT_NE(text.find("  4: rights 0xff, bank 0x"), text.npos);
    EXPECT_NE(text.find(", domain " + std::to_string(domain) + "\n"), text.npos);
    EXPECT_EQ(shown_by([] { kernel_list_domain(~std::uint32_t{0}); }), "");
}

}  // namespace

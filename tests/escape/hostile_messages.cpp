// SPDX-License-Identifier: MIT
// hostile_messages SEED COUNT: messages that no honest client sends, to procmgr, by every capability
// that a process gets from it. What is random: labels, words (often at the edges), payloads, how many
// capabilities and which (endpoints that nobody receives on, memory, its own table, nothing).
//
// It leaves out what would rightly end it (Exit, a signal to itself, a real exec) or stop it.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

#include "interfaces/process.hpp"
#include "interfaces/process_image.hpp"
#include "libs/ipc/kernel_objects.hpp"
#include "libs/ipc/protocol.hpp"

namespace {

constexpr std::uint16_t highest_label = 40;
constexpr std::uint64_t signal_child = 17;  // ignored by default

class Sender {
public:
    explicit Sender(std::uint64_t seed)
        : random_(seed),
          memory_(*own_bank()->create_memory(65536)),
          endpoint_(*own_bank()->create_endpoint()) {
        if (auto got = ipc::call(ipc::Ref<process::Process>{process::own_process},
                                 process::GetService{}, {.payload = ipc::bytes("container")})) {
            manager_ = got->take<ipc::Any>();
            targets_.push_back(manager_.index());
        }
        sent_ = {0,
                 process::own_table,
                 process::own_space,
                 process::own_thread,
                 process::own_bank,
                 process::own_process,
                 process::own_view,
                 memory_.index(),
                 endpoint_.index(),
                 9999};
    }

    // Was it answered at all?
    bool send() {
        auto label = static_cast<std::uint16_t>(random_() % highest_label);
        ipc::Words words;
        for (std::uint64_t& word : words) {
            word = edge();
        }
        if (spares_itself(label, words)) {
            return true;
        }
        std::size_t payload = random_() % 3 == 0 ? 0 : random_() % 4097;
        std::size_t count = random_() % 5;
        const auto page = ipc::message_page();
        for (std::size_t i = 0; i + 8 <= payload; i += 8) {
            const std::uint64_t word = random_();
            std::memcpy(page.data() + i, &word, sizeof word);
        }
        for (abi::CapIndex& slot : ipc::control_page().capabilities) {
            slot = sent_[random_() % sent_.size()];
        }
        if (label == process::Execute::label && random_() % 2 == 0) {
            payload = nearly_an_image(words);
            count = 1;
        }
        const abi::CapIndex target = targets_[random_() % targets_.size()];
        const auto outcome = ipc::sys::call(target, {abi::make_tag(label, payload, count), words});
        // A capability that is none is the sender's own fault.
        return outcome.error == abi::Error::ok || outcome.error == abi::Error::invalid_capability;
    }

private:
    static ipc::Ref<ipc::Bank> own_bank() { return ipc::Ref<ipc::Bank>{process::own_bank}; }

    std::uint64_t edge() {
        switch (random_() % 5) {
            case 0:  return 0;
            case 1:  return random_() % 16;
            case 2:  return random_();
            case 3:  return ~std::uint64_t{0} - random_() % 4;
            default: return std::uint64_t{1} << (random_() % 64);
        }
    }

    // True: not to be sent at all.
    bool spares_itself(std::uint16_t& label, ipc::Words& words) {
        switch (label) {
            case process::Exit::label:
            case process::Shutdown::label:
            case process::Stopped::label:  return true;
            case process::Wait::label:
                words[0] |= std::uint64_t{process::Wait::no_hang} << 32;
                return false;
            case process::Kill::label:  // numbers that no process has
                words[0] = 0x10'0000 | (words[0] & 0xffff) | (random_() % 80) << 32;
                return false;
            case process::SetTimer::label:
                words[0] = (words[0] & 63) | signal_child << 32;
                return false;
            case process::SetIdentity::label: words[0] = ~std::uint64_t{0}; return false;  // keep
            case process::Fork::label:
                words[0] = 0x1000;  // the copy faults at once
                if (random_() % 4 != 0) {
                    words[2] = process::linux_threads + 4096;
                }
                return false;
            default: return false;
        }
    }

    // -> the payload's length. A block with a sound header and wild offsets, for a program that is
    // not there.
    std::size_t nearly_an_image(ipc::Words& words) {
        process::ImageStart header;
        header.bytes = 4096 + random_() % 2;
        header.argument_count = static_cast<std::uint32_t>(random_() % 3);
        header.argument_offset = static_cast<std::uint32_t>(random_() % 5000);
        header.descriptor_count = static_cast<std::uint32_t>(random_() % 4);
        header.descriptor_offset = static_cast<std::uint32_t>(random_() % 4096);
        header.path_offset = 300;
        (void)memory_->write(0, std::as_bytes(std::span{&header, 1}));
        words[0] = header.bytes;
        ipc::control_page().capabilities[0] = memory_.index();
        constexpr std::string_view path = "/var/images/none/Cluufile";
        std::memcpy(ipc::message_page().data(), path.data(), path.size());
        return path.size();
    }

    std::mt19937_64 random_;
    ipc::Capability<ipc::Memory> memory_;
    ipc::Capability<ipc::Endpoint> endpoint_;
    ipc::Capability<ipc::Any> manager_;
    std::vector<abi::CapIndex> targets_{process::own_process};
    std::vector<abi::CapIndex> sent_;
};

}  // namespace

int main(int count, char** arguments) {
    if (count != 3) {
        std::fprintf(stderr, "usage: hostile_messages SEED COUNT\n");
        return 2;
    }
    Sender sender{std::strtoull(arguments[1], nullptr, 10)};
    const unsigned long messages = std::strtoul(arguments[2], nullptr, 10);
    for (unsigned long i = 0; i < messages; ++i) {
        if (!sender.send()) {
            std::printf("message %lu was not answered\n", i);
            return 1;
        }
    }
    std::printf("%lu messages\n", messages);
    return 0;
}

// SPDX-License-Identifier: MIT
#include "servers/vfs/root.hpp"

#include <algorithm>

#include "libs/rt/log.hpp"

namespace vfs {
namespace {

constexpr std::uint64_t fallback_limit = 64 << 20;
constexpr std::uint64_t devices_limit = 1 << 20;
constexpr std::uint64_t shared_limit = 64 << 20;

struct Node {
    std::string_view name;
    std::uint32_t mode;
    std::uint32_t major, minor;
};
// Numbers: Documentation of Linux, "Linux allocated devices", which programs rely on.
constexpr Node nodes[] = {
    {"null", 0666, 1, 3},     {"zero", 0666, 1, 5},           {"full", 0666, 1, 7},
    {"random", 0666, 1, 8},   {"urandom", 0666, 1, 9},        {"tty", 0666, 5, 0},
    {"keyboard", 0200, 5, 3}, {"console", 0620, 5, 1},        {"tty1", 0620, 4, 1},
    {"tty2", 0620, 4, 2},     {"tty3", 0620, 4, 3},           {"tty4", 0620, 4, 4},
    {"tty5", 0620, 4, 5},     {"tty6", 0620, 4, 6},           {"ttyS0", 0620, 4, 64},
    {"ttyS1", 0620, 4, 65},   {"tpm0", 0600, tpm_major, 224}, {"fb0", 0666, 29, 0},
};
struct DeviceLink {
    std::string_view name, target;
};
constexpr DeviceLink links[] = {
    {"fd", "/proc/self/fd"},       {"ptmx", "pts/ptmx"},          {"stdin", "/proc/self/fd/0"},
    {"stdout", "/proc/self/fd/1"}, {"stderr", "/proc/self/fd/2"},
};

Result<ipc::Capability<fs::Directory>> make_directory(const Surroundings& around,
                                                      const fs::MakeFileSystem& how,
                                                      ipc::Ref<ipc::Any> along) {
    ipc::Options options;
    if (along) {
        options.capabilities = {along};
    }
    auto answer = ipc::call(around.memory, how, options);
    if (!answer) {
        return base::fail(ipc::to_status(answer.error()));
    }
    return answer->take<fs::Directory>();
}

class RootFileSystem final : public FileSystem {
public:
    explicit RootFileSystem(const Surroundings& around) : around_(around) {}

private:
    Result<RawAnswer> exchange(std::uint16_t label, const ipc::Words& words,
                               std::string_view payload) override {
        // The payload may lie in the message page, which asking the disk uses.
        if (!chosen_) {
            const std::string kept{payload};
            TRY(choose());
            return exchange_with(chosen_.ref(), label, words, kept);
        }
        return exchange_with(chosen_.ref(), label, words, payload);
    }

    Result<void> choose() {
        if (around_.disk) {
            auto answer = ipc::call(around_.disk, fs::GetUsage{});
            if (answer) {
                auto copy = ipc::copy(around_.disk);
                if (!copy) {
                    return base::fail(ipc::to_status(copy.error()));
                }
                chosen_ = std::move(*copy);
                return {};
            }
            rt::log(
                "the disk's file system cannot be used; the root is in memory, and nothing on "
                "it will be kept");
        } else {
            rt::log("there is no disk; the root is in memory, and nothing on it will be kept");
        }
        chosen_ = TRY(make_with_archive());
        for (const std::string_view name : {"dev", "proc", "tmp", "root", "etc"}) {
            const std::uint32_t mode = name == "tmp" ? 01777 : 0755;
            (void)exchange_with(chosen_.ref(), fs::MakeNode::label,
                                ipc::pack(fs::MakeNode{.mode = mode}), name);
        }
        return {};
    }

    Result<ipc::Capability<fs::Directory>> make_with_archive() {
        const fs::MakeFileSystem how{.limit = fallback_limit};
        auto made = make_directory(around_, how, around_.archive.retype<ipc::Any>());
        if (!made && around_.archive) {
            rt::log("the initial archive cannot be unpacked: ", made.error());
            made = make_directory(around_, how, {});
        }
        return made;
    }

    const Surroundings around_;
    ipc::Capability<fs::Directory> chosen_;
};

void make_devices(FileSystem& devices) {
    for (const Node& node : nodes) {
        (void)devices.ask(fs::MakeNode{.kind = fs::Kind::character_device,
                                       .mode = node.mode,
                                       .device_major = node.major,
                                       .device_minor = node.minor},
                          node.name);
    }
    for (const DeviceLink& link : links) {
        std::string payload{link.target};
        payload += link.name;
        (void)devices.ask(
            fs::MakeSymbolicLink{.first_length = static_cast<std::uint32_t>(link.target.size())},
            payload);
    }
    for (const std::string_view directory : {"shm", "pts"}) {
        (void)devices.ask(fs::MakeNode{.mode = 0755}, directory);
    }
}

// Temporary files may fill half of the memory that is there at the start.
std::uint64_t temporary_limit() {
    const auto usage = ipc::own_bank()->query();
    return std::max<std::uint64_t>(usage ? usage->machine_free / 2 : 0, shared_limit);
}

}  // namespace

Result<FileSystemPointer> make_in_memory(const Surroundings& around, fs::MakeFileSystem how,
                                         ipc::Ref<ipc::Bank> payer) {
    how.with_bank = payer ? 1 : 0;
    return make_file_system<DirectoryFileSystem>(
        TRY(make_directory(around, how, payer.retype<ipc::Any>())));
}

Result<View> make_root_view(const Surroundings& around) {
    View view;
    view.is_manager = true;
    view.mount({.path = "", .file_system = make_file_system<RootFileSystem>(around)});
    auto devices = TRY(make_in_memory(around, {.limit = devices_limit}));
    make_devices(*devices);
    view.mount({.path = "/dev", .file_system = std::move(devices)});
    auto shared = TRY(make_in_memory(around, {.limit = shared_limit, .mode = 01777}));
    view.mount({.path = "/dev/shm", .file_system = std::move(shared)});
    auto temporary = TRY(make_in_memory(around, {.limit = temporary_limit(), .mode = 01777}));
    view.mount({.path = "/tmp", .file_system = std::move(temporary)});
    return view;
}

}  // namespace vfs

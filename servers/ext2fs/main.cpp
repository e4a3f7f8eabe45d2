// SPDX-License-Identifier: MIT
// ext2fs: the file system of a disk, by e2fsprogs' libext2fs.
//
// A program on the Linux library, because libext2fs needs a C library; but it has no descriptors and
// no files. All it has are the capabilities that the environment variable CLUU_CAPABILITIES names, as
// "name:slot,name:slot": "endpoint" (receive, mint), "disk" (block::Disk), "log".
//
// If there is no disk, or no file system on it that can be used, the log says why, and every request
// is refused; vfs then makes its own root.
#include <ctime>

#include <charconv>
#include <cstdlib>
#include <cstring>

#include "libs/fs_server/endpoint_host.hpp"
#include "libs/fs_server/memory_store.hpp"
#include "libs/ipc/names.hpp"
#include "servers/ext2fs/backend.hpp"
#include "servers/ext2fs/disk_device.hpp"

namespace ext2 {
namespace {

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint64_t flush_delay = 3 * second;  // from the first change
constexpr std::uint64_t least_page_cache = 4ULL << 20;

template <class T>
ipc::Ref<T> capability(std::string_view wanted) {
    const char* text = std::getenv("CLUU_CAPABILITIES");
    std::string_view rest = text != nullptr ? text : "";
    while (!rest.empty()) {
        const std::string_view one = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(one.size() + 1, rest.size()));
        const std::size_t colon = one.find(':');
        abi::CapIndex slot = 0;
        if (one.substr(0, colon) == wanted && colon != one.npos &&
            std::from_chars(one.data() + colon + 1, one.data() + one.size(), slot).ec ==
                std::errc{}) {
            return ipc::Ref<T>{slot};
        }
    }
    return {};
}

// Logging may happen while the message page holds half a reply.
void log_line(const std::string& line) {
    const auto log = capability<ipc::Log>("log");
    const auto page = ipc::message_page();
    const std::vector<std::byte> kept{page.begin(), page.end()};
    if (log) {
        (void)log->write("ext2fs: " + line + "\n");
    }
    std::ranges::copy(kept, page.begin());
}

std::uint64_t clock_of(clockid_t clock) {
    timespec time{};
    (void)clock_gettime(clock, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * second +
           static_cast<std::uint64_t>(time.tv_nsec);
}

class ProcessHost final : public fs_server::EndpointHost {
public:
    using EndpointHost::EndpointHost;

    fs::Timestamp now() const override {
        const std::uint64_t now = clock_of(CLOCK_REALTIME);
        return {.seconds = static_cast<std::int64_t>(now / second),
                .nanoseconds = static_cast<std::uint32_t>(now % second)};
    }
    // There is one file system, which never ends.
    Result<fs_server::VersionsPage> make_versions() override {
        constexpr std::uint64_t address = DiskDevice::buffer_address + DiskDevice::most_buffer;
        auto page = TRY(make_page());
        if (!ipc::own_space()->map(page, {.address = address, .length = abi::page_size})) {
            return base::fail(Status::no_memory);
        }
        return fs_server::VersionsPage{.memory = std::move(page),
                                       .at = new (reinterpret_cast<void*>(address)) fs::Versions};
    }

    Result<std::unique_ptr<fs_server::Backend>> make_file_system(
        const fs::MakeFileSystem&, ipc::Capability<ipc::Any>) override {
        return base::fail(Status::unsupported);
    }
};

// The service, and the flush that comes a while after a change.
class Service final : public fs_server::Service {
public:
    Service(fs_server::Host& host, std::unique_ptr<Ext2Backend> backend)
        : fs_server::Service(host), backend_(*backend) {
        add_root(std::move(backend));
    }

    std::uint64_t deadline() {
        if (!backend_.changed()) {
            due_ = ipc::no_deadline;
        } else if (due_ == ipc::no_deadline) {
            due_ = clock_of(CLOCK_MONOTONIC) + flush_delay;
        }
        return due_;
    }
    void on_deadline() {
        due_ = ipc::no_deadline;
        (void)backend_.flush(false);  // a failure is in the log, and the next one tries again
    }

private:
    Ext2Backend& backend_;
    std::uint64_t due_ = ipc::no_deadline;
};

// What stands in for a file system that cannot be had.
struct Refusal {
    using Protocol = ipc::Operations<fs::SyncAll>;
    ipc::Result<fs::SyncAll::Reply> handle(const fs::SyncAll&, ipc::Request&) {
        return fs::SyncAll::Reply{};
    }
};

void refuse(ipc::Ref<ipc::Endpoint> endpoint) {
    Refusal refusal;
    (void)ipc::serve<Refusal::Protocol>(endpoint, refusal);
}

std::uint64_t page_cache_limit() {
    const auto bank = ipc::own_bank()->query();
    const std::uint64_t free = bank ? std::min(bank->machine_free, bank->limit) : 0;
    return std::max(free / 4, least_page_cache);
}

int run() {
    const auto endpoint = capability<ipc::Endpoint>("endpoint");
    const auto disk = capability<block::Disk>("disk");
    auto device = DiskDevice::attach(disk);
    if (!device) {
        if (device.error() != ipc::Failure{Status::not_found}) {
            log_line("the disk's driver does not answer: " +
                     std::string{ipc::name_of(device.error())});
        }
        refuse(endpoint);
        return 1;
    }
    std::string why;
    const auto volume = Volume::open(**device, log_line, why);
    auto store = fs_server::MemoryStore::create(ipc::own_bank(), page_cache_limit());
    if (!volume || !store) {
        log_line(volume ? "no memory" : why);
        refuse(endpoint);
        return 1;
    }
    ProcessHost host{endpoint};
    Service service{host, std::make_unique<Ext2Backend>(*volume, **store, host)};
    const abi::Error error = ipc::serve<Service::Protocol>(endpoint, service);
    log_line("cannot receive: " + std::string{ipc::name_of(error)});
    return 1;
}

}  // namespace
}  // namespace ext2

int main() { return ext2::run(); }

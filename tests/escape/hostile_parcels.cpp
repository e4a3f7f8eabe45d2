// SPDX-License-Identifier: MIT
// hostile_parcels SEED COUNT: passes descriptors to itself, and spoils the parcel on its way
// (linux/fd/parcel.hpp), as a hostile sender could: records of random numbers, other objects where the
// capabilities should be, or nothing there. The receiving side must open what is sound, leave out the
// rest, and keep nothing: in the end the container's bank is charged as before.
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "interfaces/process_image.hpp"
#include "libs/ipc/kernel_objects.hpp"
#include "tests/escape/parcel.hpp"

namespace {

using escape::first_shelf_slot;
using escape::give;
using escape::take;
using escape::take_parcel;

ipc::Ref<ipc::Bank> own_bank() { return ipc::Ref<ipc::Bank>{process::own_bank}; }

// -> how many came, which are closed again. -1: the byte did not come.
int take_all(int socket) {
    const auto fds = take(socket);
    for (const int fd : fds.value_or(std::vector<int>{})) {
        (void)fcntl(fd, F_GETFD);
        close(fd);
    }
    return fds ? static_cast<int>(fds->size()) : -1;
}

class Spoiler {
public:
    explicit Spoiler(std::uint64_t seed)
        : random_(seed),
          endpoint_(*own_bank()->create_endpoint()),
          notification_(*own_bank()->create_notification()),
          small_(*own_bank()->create_memory(4096)),
          paged_(*own_bank()->create_memory(1 << 20, {.pager = endpoint_})),
          table_(*own_bank()->create_cap_table(4)) {}

    void spoil() {
        if (auto found = take_parcel()) {
            put_back(found->shelf, std::move(found->parcel));
        }
    }

private:
    void put_back(ipc::Ref<ipc::CapTable> shelf, ipc::Capability<ipc::CapTable> parcel) {
        switch (random_() % 8) {
            case 0:  return;  // nothing there
            case 1:  (void)shelf->copy(object(), abi::all_rights, first_shelf_slot); return;
            case 2:  break;  // as it was
            case 3:  replace(parcel, 1); break;
            case 4:
            case 5:  rewrite(parcel); break;
            default: replace(parcel, 2 + random_() % 20); break;
        }
        (void)shelf->move(std::move(parcel), first_shelf_slot);
    }
    void replace(ipc::Ref<ipc::CapTable> parcel, std::uint64_t slot) {
        const auto at = static_cast<abi::CapIndex>(slot);
        (void)parcel->remove(at);
        if (random_() % 4 != 0) {
            (void)parcel->copy(object(), abi::all_rights, at);
        }
    }
    void rewrite(ipc::Ref<ipc::CapTable> parcel) {
        auto records = parcel->take<ipc::Memory>(1);
        for (int i = 0; records && i < 3; ++i) {
            const std::uint32_t word = random_() % 2 == 0
                                           ? static_cast<std::uint32_t>(random_() % 12)
                                           : static_cast<std::uint32_t>(random_());
            (void)(*records)->write(random_() % 100 * 4, std::as_bytes(std::span{&word, 1}));
        }
        if (records) {
            (void)parcel->move(std::move(*records), 1);
        }
    }
    ipc::AnyRef object() {
        switch (random_() % 5) {
            case 0:  return endpoint_;
            case 1:  return notification_;
            case 2:  return small_;
            case 3:  return paged_;
            default: return table_;
        }
    }

    std::mt19937_64 random_;
    ipc::Capability<ipc::Endpoint> endpoint_;
    ipc::Capability<ipc::Notification> notification_;
    ipc::Capability<ipc::Memory> small_, paged_;
    ipc::Capability<ipc::CapTable> table_;
};

std::uint64_t charged() {
    return ipc::Ref<ipc::Bank> { process::container_bank } -> query()->charged_here;
}

bool pass_once(Spoiler* spoiler, int type) {
    std::array<int, 2> carrier{}, pipes{}, sockets{};
    if (socketpair(AF_UNIX, type, 0, carrier.data()) != 0 || pipe(pipes.data()) != 0 ||
        socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets.data()) != 0) {
        std::perror("socketpair");
        return false;
    }
    const std::vector<int> fds{pipes[0],      sockets[0],
                               pipes[1],      open("/etc/hostname", O_RDONLY),
                               eventfd(0, 0), timerfd_create(CLOCK_MONOTONIC, 0)};
    give(carrier[0], fds);
    if (spoiler != nullptr) {
        spoiler->spoil();
    }
    for (const int fd : fds) {
        close(fd);
    }
    const int came = take_all(carrier[1]);
    for (const int fd : {sockets[1], carrier[0], carrier[1]}) {
        close(fd);
    }
    const int whole = static_cast<int>(fds.size());
    return spoiler == nullptr ? came == whole : came >= 0 && came <= whole;
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 3) {
        std::fprintf(stderr, "usage: hostile_parcels SEED COUNT\n");
        return 2;
    }
    Spoiler spoiler{std::strtoull(arguments[1], nullptr, 10)};
    const unsigned long rounds = std::strtoul(arguments[2], nullptr, 10);
    constexpr std::array types{SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM};
    const std::uint64_t before = charged();
    for (unsigned long i = 0; i < rounds; ++i) {
        const int type = types[i % types.size()];
        if (!pass_once(&spoiler, type) || !pass_once(nullptr, type)) {
            std::printf("round %lu went wrong\n", i);
            return 1;
        }
    }
    const std::uint64_t after = charged();
    if (after != before) {
        std::printf("%lu bytes are missing\n", static_cast<unsigned long>(after - before));
        return 1;
    }
    std::printf("%lu rounds\n", rounds);
    return 0;
}

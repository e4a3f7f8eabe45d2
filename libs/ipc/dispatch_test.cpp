// SPDX-License-Identifier: MIT
#include "libs/ipc/dispatch.hpp"

#include <gtest/gtest.h>

namespace {

using ipc::Status;

struct Add {
    static constexpr std::uint16_t label = 10;
    std::uint64_t a = 0, b = 0;
    struct Reply {
        std::uint64_t sum = 0;
    };
};
struct Echo {
    static constexpr std::uint16_t label = 13;
    static constexpr std::size_t payload = 8;
    static constexpr std::size_t reply_payload = 4;
    struct Reply {};
};
struct NeedsCapability {
    static constexpr std::uint16_t label = 900;
    static constexpr std::size_t capabilities = 1;
    struct Reply {};
};

struct Service {
    int calls = 0;
    base::Result<Add::Reply, Status> handle(const Add& add, ipc::Request&) {
        ++calls;
        if (add.a == 0) {
            return base::fail(Status::invalid);
        }
        return Add::Reply{add.a + add.b};
    }
    base::Result<Echo::Reply, Status> handle(const Echo&, ipc::Request& request) {
        ++calls;
        request.set_reply_payload(request.payload());
        return Echo::Reply{};
    }
    base::Result<NeedsCapability::Reply, Status> handle(const NeedsCapability&, ipc::Request&) {
        ++calls;
        return NeedsCapability::Reply{};
    }
};

using Protocol = ipc::Join<ipc::Operations<Add, Echo>, ipc::Operations<NeedsCapability>>;

struct Dispatch : testing::Test {
    Service service;
    std::array<std::byte, 4096> page{};

    ipc::sys::Message run(abi::Tag tag, ipc::Words words = {}) {
        ipc::Request request{{.badge = 5, .tag = tag, .words = words, .page = page}, {}};
        return ipc::dispatch<Protocol>(service, request);
    }
    static Status status(const ipc::sys::Message& message) {
        return static_cast<Status>(message.tag.status());
    }
};

TEST_F(Dispatch, ReachesTheHandler) {
    const auto reply = run(abi::make_tag(10), {3, 4});
    EXPECT_EQ(status(reply), Status::ok);
    EXPECT_EQ(reply.words[0], 7U);
}

TEST_F(Dispatch, PassesAFailureOn) {
    const auto reply = run(abi::make_tag(10), {0, 4});
    EXPECT_EQ(status(reply), Status::invalid);
    EXPECT_EQ(reply.words, ipc::Words{});
}

TEST_F(Dispatch, UnknownLabels) {
    for (const std::uint16_t label : {0, 9, 11, 12, 14, 899, 901, 65535}) {
        EXPECT_EQ(status(run(abi::make_tag(label))), Status::unsupported) << label;
    }
    EXPECT_EQ(service.calls, 0);
}

TEST_F(Dispatch, RefusesWhatDoesNotFitBeforeTheHandler) {
    EXPECT_EQ(status(run(abi::make_tag(10, 1))), Status::malformed);
    EXPECT_EQ(status(run(abi::make_tag(13, 9))), Status::malformed);
    EXPECT_EQ(status(run(abi::make_tag(13, 8191))), Status::malformed);
    EXPECT_EQ(status(run(abi::make_tag(900))), Status::malformed);
    EXPECT_EQ(service.calls, 0);
}

TEST_F(Dispatch, Payloads) {
    const auto reply = run(abi::make_tag(13, 4));
    EXPECT_EQ(status(reply), Status::ok);
    EXPECT_EQ(reply.tag.payload(), 4U);
    // The handler answers with more than its declaration allows: its mistake, and no leak of the
    // page.
    const auto wrong = run(abi::make_tag(13, 8));
    EXPECT_EQ(status(wrong), Status::io_error);
    EXPECT_EQ(wrong.tag.payload(), 0U);
}

}  // namespace

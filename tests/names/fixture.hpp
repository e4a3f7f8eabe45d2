// SPDX-License-Identifier: MIT
// vfs's views over file systems in memory: the real resolver, service and back end, without a kernel.
#pragma once

#include <gtest/gtest.h>

#include "libs/fs_server/test_client.hpp"
#include "servers/tmpfs/tree.hpp"
#include "servers/vfs/service.hpp"

namespace names_test {

using fs_server::testing::ArrayStore;
using fs_server::testing::TestClient;
using fs_server::testing::TestHost;
using vfs::Status;
using Flags = fs::OpenFlags;

// A file system in this process.
struct Local {
    TestHost host;
    fs_server::Service service{host};
    fs_server::Backend* backend = nullptr;
    std::uint64_t root = add();
    TestClient client{service, host, root};

private:
    std::uint64_t add() {
        auto tree = std::make_unique<tmpfs::Tree>(std::make_unique<ArrayStore>(), host,
                                                  tmpfs::TreeOptions{.device = 9});
        backend = tree.get();
        return service.add_root(std::move(tree));
    }
};

// Each message is copied out, as if it had gone through the message page.
class LocalFileSystem final : public vfs::FileSystem {
public:
    explicit LocalFileSystem(Local& local) : local_(local) {}

private:
    vfs::Result<vfs::RawAnswer> exchange(std::uint16_t label, const ipc::Words& words,
                                         std::string_view payload) override {
        const auto reply = local_.client.exchange(local_.root, label, words, payload);
        if (reply.tag.status() != 0) {
            return base::fail(static_cast<Status>(reply.tag.status()));
        }
        payload_ = local_.client.payload;
        return vfs::RawAnswer{.words = reply.words, .payload = ipc::bytes(payload_)};
    }

    Local& local_;
    std::string payload_;
};

class ArrayNames final : public vfs::NameMemory {
public:
    explicit ArrayNames(std::size_t& held) : held_(held) {}
    ~ArrayNames() override { held_ -= bytes_.size(); }
    vfs::Result<std::span<const std::byte>> read(std::uint32_t offset,
                                                 std::size_t length) override {
        if (gone) {
            return base::fail(Status::bad_handle);
        }
        return std::span<const std::byte>{bytes_}.subspan(offset, length);
    }
    vfs::Result<void> write(std::uint32_t offset, std::span<const std::byte> data) override {
        std::ranges::copy(data, bytes_.begin() + offset);
        return {};
    }
    vfs::Result<void> resize(std::uint32_t bytes) override {
        held_ += bytes - bytes_.size();
        bytes_.resize(bytes);
        return {};
    }
    static inline bool gone = false;

private:
    std::size_t& held_;
    std::vector<std::byte> bytes_;
};

class Host final : public vfs::Host {
public:
    vfs::Result<std::unique_ptr<vfs::NameMemory>> make_name_memory(ipc::Ref<ipc::Bank>) override {
        return std::make_unique<ArrayNames>(names_held);
    }
    vfs::Result<vfs::FileSystemPointer> make(const vfs::NewFileSystem&) override {
        made.push_back(std::make_unique<Local>());
        return vfs::make_file_system<LocalFileSystem>(*made.back());
    }
    vfs::Result<ipc::Capability<names::View>> mint_view(std::uint64_t badge) override {
        minted = badge;
        return ipc::Capability<names::View>{};
    }
    vfs::Result<std::uint64_t> badge_of(ipc::Ref<names::View>) override { return 0; }
    std::size_t names_held = 0;

    std::vector<std::unique_ptr<Local>> made;
    std::uint64_t minted = 0;
};

class Names : public ::testing::Test {
protected:
    Names() {
        vfs::View view;
        view.is_manager = true;
        view.mount({.path = "", .file_system = vfs::make_file_system<LocalFileSystem>(root_)});
        view.mount({.path = "/mnt", .file_system = vfs::make_file_system<LocalFileSystem>(other_)});
        service_ = std::make_unique<vfs::Service>(host_, std::move(view));
        root_.client.make_directory("mnt");
        root_.client.make_directory("home");
        root_.client.make_directory("home/ann");
        root_.client.make_directory("tmp", 01777);
        root_.client.make_file("home/ann/notes", "ann's notes");
        root_.client.make_file("file", "root file");
        other_.client.make_file("inner", "other file");
        other_.client.make_directory("dir");
    }

    template <class Op>
    vfs::Result<typename Op::Reply> call(std::uint64_t view, const Op& operation,
                                         std::string_view sent = {}) {
        const auto reply = exchange(view, Op::label, ipc::pack(operation), sent);
        if (reply.tag.status() != 0) {
            return base::fail(static_cast<Status>(reply.tag.status()));
        }
        return ipc::unpack<typename Op::Reply>(reply.words);
    }
    ipc::sys::Message exchange(std::uint64_t view, std::uint16_t label, const ipc::Words& words,
                               std::string_view sent) {
        std::vector<std::byte> page(abi::message_bytes);
        std::ranges::copy(ipc::bytes(sent), page.begin());
        ipc::Request request{
            {.badge = view,
             .tag = abi::make_tag(label, sent.size()),
             .words = words,
             .page = std::span<std::byte, abi::message_bytes>{page.data(), abi::message_bytes}},
            {}};
        const auto reply = ipc::dispatch<vfs::Service::Protocol>(*service_, request);
        payload_.assign(reinterpret_cast<const char*>(page.data()), reply.tag.payload());
        return reply;
    }

    // The inode that a path leads to, or 0; what went wrong is in latest_.
    std::uint64_t inode(std::string_view path, std::uint64_t view = 1, bool follow = true) {
        const auto reply = call(view, fs::GetPathAttributes{.follow = follow ? 1U : 0U}, path);
        latest_ = TestClient::status_of(reply);
        fs::Attributes attributes;
        return reply && ipc::read_payload(ipc::bytes(payload_), attributes)
                   ? attributes.device << 32 | attributes.inode
                   : 0;
    }
    Status open(std::string_view path, std::uint32_t flags, std::uint64_t view = 1) {
        return TestClient::status_of(call(view, fs::Open{.flags = flags, .mode = 0644}, path));
    }
    static std::string granted(std::string_view path, std::uint8_t rights,
                               std::uint8_t beside = 0) {
        return rule(path, names::Access::granted, rights, beside);
    }
    static std::string rule(std::string_view path, names::Access access, std::uint8_t rights = 0,
                            std::uint8_t beside = 0) {
        const std::size_t length = (sizeof(names::MountRule) + path.size() + 7) / 8 * 8;
        const names::MountRule record{.record_length = static_cast<std::uint16_t>(length),
                                      .path_length = static_cast<std::uint16_t>(path.size()),
                                      .access = access,
                                      .rights = rights,
                                      .beside = beside};
        std::string text{reinterpret_cast<const char*>(&record), sizeof record};
        text += path;
        text.resize(length);
        return text;
    }
    std::uint64_t derive(const std::string& rules, fs::Identity identity = {},
                         std::uint64_t from = 1) {
        const auto reply =
            call(from, names::Derive{.identity = identity, .set_identity = 1}, rules);
        latest_ = TestClient::status_of(reply);
        return reply ? host_.minted : 0;
    }

    Local root_, other_;
    Host host_;
    std::unique_ptr<vfs::Service> service_;
    std::string payload_;
    Status latest_ = Status::ok;
};

}  // namespace names_test

// SPDX-License-Identifier: MIT
// For unit tests on the host: a Service without a kernel. Requests go through the same dispatcher as
// on CLUU; instead of capabilities the client holds badges.
#pragma once

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "libs/fs_server/file_data.hpp"
#include "libs/fs_server/service.hpp"

namespace fs_server::testing {

// File data in arrays, with a limit.
class ArrayStore final : public Store {
public:
    explicit ArrayStore(std::uint64_t limit = 1 << 26) : limit_(limit) {}

    Result<std::unique_ptr<FileData>> make() override { return std::make_unique<Data>(*this); }
    StoreUsage usage() override { return {limit_, limit_ - used_}; }

private:
    class Data final : public FileData {
    public:
        explicit Data(ArrayStore& store) : store_(store) {}
        ~Data() override { store_.used_ -= bytes_.size(); }
        Result<void> read(std::uint64_t offset, std::span<std::byte> buffer) override {
            std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), buffer.size(),
                        buffer.begin());
            return {};
        }
        Result<void> write(std::uint64_t offset, std::span<const std::byte> data) override {
            std::ranges::copy(data, bytes_.begin() + static_cast<std::ptrdiff_t>(offset));
            return {};
        }
        Result<void> resize(std::uint64_t size) override {
            if (size > bytes_.size() && size - bytes_.size() > store_.limit_ - store_.used_) {
                return base::fail(Status::no_space);
            }
            store_.used_ += size - bytes_.size();
            bytes_.resize(size);
            return {};
        }
        Result<void> reserve(std::uint64_t, std::uint64_t) override { return {}; }
        Result<MappedFile> map(bool) override { return MappedFile{.data_offset = 4096}; }
        Result<void> leave_writers() override { return {}; }

    private:
        ArrayStore& store_;
        std::vector<std::byte> bytes_;
    };

    std::uint64_t limit_;
    std::uint64_t used_ = 0;
};

class TestHost final : public Host {
public:
    fs::Timestamp now() const override { return {.seconds = 1'700'000'000 + seconds}; }
    Result<ipc::Capability<fs::File>> mint_file(std::uint64_t badge) override {
        minted = badge;
        return ipc::Capability<fs::File>{};
    }
    Result<ipc::Capability<fs::Directory>> mint_root(std::uint64_t badge) override {
        minted = badge;
        return ipc::Capability<fs::Directory>{};
    }
    Result<std::unique_ptr<Backend>> make_file_system(const fs::MakeFileSystem&,
                                                      ipc::Capability<ipc::Any>) override {
        return std::unique_ptr<Backend>{};
    }
    Result<PipeObjects> make_pipe() override { return PipeObjects{}; }
    void publish(const PipeObjects&, const fs::OpenPipe::Ends& ends) override { pipe_ends = ends; }
    Result<VersionsPage> make_versions() override { return VersionsPage{.at = &versions}; }

    std::uint64_t minted = 0;
    std::int64_t seconds = 0;
    fs::OpenPipe::Ends pipe_ends;  // the latest
    fs::Versions versions;         // of the file system that was entered first
};

class TestClient {
public:
    TestClient(Service& service, TestHost& host, std::uint64_t root)
        : service_(service), host_(host), root_(root) {}

    TestHost& host() { return host_; }

    fs::Identity identity;
    std::uint64_t tag_flags = 0;  // of requests
    std::string payload;          // of the latest reply

    template <class Op>
    Result<typename Op::Reply> call(std::uint64_t badge, const Op& operation,
                                    std::string_view sent = {}) {
        const ipc::sys::Message reply = exchange(badge, Op::label, ipc::pack(operation), sent);
        if (reply.tag.status() != 0) {
            return base::fail(static_cast<Status>(reply.tag.status()));
        }
        return ipc::unpack<typename Op::Reply>(reply.words);
    }
    ipc::sys::Message exchange(std::uint64_t badge, std::uint16_t label, const ipc::Words& words,
                               std::string_view sent) {
        page_.assign(abi::message_bytes, std::byte{});
        std::ranges::copy(ipc::bytes(sent), page_.begin());
        ipc::Request request{
            {.badge = badge,
             .tag = abi::make_tag(label, sent.size(), 0, 0, tag_flags),
             .words = words,
             .page = std::span<std::byte, abi::message_bytes>{page_.data(), abi::message_bytes}},
            {}};
        const auto reply = ipc::dispatch<Service::Protocol>(service_, request);
        payload.assign(reinterpret_cast<const char*>(page_.data()), reply.tag.payload());
        return reply;
    }
    template <class Op>
    Result<typename Op::Reply> on_path(Op operation, std::string_view path) {
        operation.identity = identity;
        return call(root_, operation, path);
    }
    template <class Op>
    Result<typename Op::Reply> on_paths(Op operation, std::string_view first,
                                        std::string_view second) {
        operation.first_length = static_cast<std::uint32_t>(first.size());
        return on_path(operation, std::string{first} + std::string{second});
    }

    // The conveniences that tests need most. An open file is a badge; 0 if it failed.
    std::uint64_t open(std::string_view path, std::uint32_t flags, std::uint32_t mode = 0644) {
        const auto reply = on_path(fs::Open{.flags = flags, .mode = mode}, path);
        latest = reply ? Status::ok : reply.error();
        return reply && reply->redirected == fs::Redirected::no ? host_.minted : 0;
    }
    void close(std::uint64_t file) { service_.on_drop(file); }
    Status write(std::uint64_t file, std::string_view data,
                 std::uint64_t offset = fs::current_offset) {
        while (!data.empty()) {
            const auto reply =
                call(file, fs::Write{.offset = offset}, data.substr(0, abi::message_bytes));
            if (!reply) {
                return reply.error();
            }
            data.remove_prefix(reply->count);
            offset += offset == fs::current_offset ? 0 : reply->count;
        }
        return Status::ok;
    }
    std::string read_all(std::uint64_t file) {
        std::string all;
        for (std::uint64_t offset = 0;; offset = all.size()) {
            if (!call(file, fs::Read{.offset = offset, .length = 4096}) || payload.empty()) {
                return all;
            }
            all += payload;
        }
    }
    Status make_file(std::string_view path, std::string_view contents, std::uint32_t mode = 0644) {
        using Flags = fs::OpenFlags;
        const auto file = open(path, Flags::write | Flags::create | Flags::truncate, mode);
        if (file == 0) {
            return latest;
        }
        const Status status = write(file, contents);
        close(file);
        return status;
    }
    std::string contents(std::string_view path) {
        const auto file = open(path, fs::OpenFlags::read);
        if (file == 0) {
            return "?";
        }
        const std::string all = read_all(file);
        close(file);
        return all;
    }
    Status make_directory(std::string_view path, std::uint32_t mode = 0755) {
        return status_of(on_path(fs::MakeNode{.kind = fs::Kind::directory, .mode = mode}, path));
    }
    Status remove(std::string_view path, bool directory = false) {
        return status_of(on_path(fs::Remove{.directory = directory ? 1U : 0U}, path));
    }
    Status rename(std::string_view from, std::string_view to, std::uint32_t flags = 0) {
        return status_of(on_paths(fs::Rename{.flags = flags}, from, to));
    }
    Status link(std::string_view from, std::string_view to) {
        return status_of(on_paths(fs::Link{}, from, to));
    }
    Status symlink(std::string_view target, std::string_view path) {
        return status_of(on_paths(fs::MakeSymbolicLink{}, target, path));
    }
    fs::Attributes stat(std::string_view path) {
        fs::Attributes attributes;
        const auto reply = on_path(fs::GetPathAttributes{.follow = 0}, path);
        latest = reply ? Status::ok : reply.error();
        if (reply) {
            std::memcpy(&attributes, payload.data(), std::min(payload.size(), sizeof attributes));
        }
        return attributes;
    }
    // Names in a directory, read in messages of this length.
    std::vector<std::string> list(std::string_view path, std::uint32_t length = 4096) {
        std::vector<std::string> names;
        const auto file = open(path, fs::OpenFlags::read | fs::OpenFlags::directory);
        while (file != 0 && call(file, fs::ReadDirectory{.length = length}) && !payload.empty()) {
            for (std::size_t at = 0; at < payload.size();) {
                fs::DirectoryEntry entry;
                std::memcpy(&entry, payload.data() + at, sizeof entry);
                names.emplace_back(payload.substr(at + sizeof entry, entry.name_length));
                at += entry.record_length;
            }
        }
        close(file);
        return names;
    }

    template <class T>
    static Status status_of(const Result<T>& result) {
        return result ? Status::ok : result.error();
    }

    Status latest = Status::ok;  // of open and stat

private:
    Service& service_;
    TestHost& host_;
    std::uint64_t root_;
    std::vector<std::byte> page_;
};

}  // namespace fs_server::testing

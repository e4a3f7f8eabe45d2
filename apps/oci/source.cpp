// SPDX-License-Identifier: MIT
#include "apps/oci/source.hpp"

#include <unistd.h>
#define ZLIB_CONST  // input is only read
#include <zlib.h>
#include <zstd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

namespace oci {

namespace {

constexpr std::size_t buffer_bytes = 64 * 1024;
constexpr std::string_view cut_off = "it is cut off in the middle of its packed data";

// Reads ahead, so that somebody can look at the first bytes.
class Buffered final : public Source {
public:
    explicit Buffered(std::unique_ptr<Source> from) : from_(std::move(from)) {}

    // Empty at the end.
    Result<std::span<const std::byte>> peek() {
        if (begin_ == end_) {
            auto count = from_->read(buffer_);
            if (!count) return std::unexpected(count.error());
            begin_ = 0;
            end_ = *count;
        }
        return std::span<const std::byte>(buffer_).subspan(begin_, end_ - begin_);
    }
    void skip(std::size_t count) { begin_ += count; }

    Result<std::size_t> read(std::span<std::byte> to) override {
        auto there = peek();
        if (!there) return std::unexpected(there.error());
        const std::size_t count = std::min(to.size(), there->size());
        std::copy_n(there->begin(), count, to.begin());
        skip(count);
        return count;
    }

private:
    std::unique_ptr<Source> from_;
    std::vector<std::byte> buffer_ = std::vector<std::byte>(buffer_bytes);
    std::size_t begin_ = 0, end_ = 0;
};

// Members may follow one another, as pigz and others write them.
class Gunzip final : public Source {
public:
    explicit Gunzip(std::unique_ptr<Buffered> from) : from_(std::move(from)) {
        constexpr int only_gzip = 16;
        good_ = inflateInit2(&stream_, MAX_WBITS + only_gzip) == Z_OK;
    }
    Gunzip(const Gunzip&) = delete;
    Gunzip& operator=(const Gunzip&) = delete;
    ~Gunzip() override { inflateEnd(&stream_); }

    Result<std::size_t> read(std::span<std::byte> to) override {
        if (!good_) return std::unexpected("there is no memory to unpack it");
        for (;;) {
            auto input = from_->peek();
            if (!input) return std::unexpected(input.error());
            if (input->empty()) {
                if (in_member_) return std::unexpected(std::string(cut_off));
                return 0;
            }
            if (!in_member_) inflateReset(&stream_);
            in_member_ = true;
            stream_.next_in = reinterpret_cast<const Bytef*>(input->data());
            stream_.avail_in = static_cast<uInt>(input->size());
            stream_.next_out = reinterpret_cast<Bytef*>(to.data());
            stream_.avail_out = static_cast<uInt>(std::min(to.size(), buffer_bytes));
            const uInt room = stream_.avail_out;
            const int status = inflate(&stream_, Z_NO_FLUSH);
            from_->skip(input->size() - stream_.avail_in);
            if (status == Z_STREAM_END) {
                in_member_ = false;
            } else if (status != Z_OK) {
                return std::unexpected("its gzip data are damaged");
            }
            if (room != stream_.avail_out) return room - stream_.avail_out;
        }
    }

private:
    std::unique_ptr<Buffered> from_;
    z_stream stream_{};
    bool good_ = false;
    bool in_member_ = false;
};

class Unzstd final : public Source {
public:
    explicit Unzstd(std::unique_ptr<Buffered> from)
        : from_(std::move(from)), stream_(ZSTD_createDStream()) {
        constexpr int largest_window = 25;  // 32 MiB: more than its usual levels use
        if (stream_ != nullptr)
            ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, largest_window);
    }
    Unzstd(const Unzstd&) = delete;
    Unzstd& operator=(const Unzstd&) = delete;
    ~Unzstd() override { ZSTD_freeDStream(stream_); }

    Result<std::size_t> read(std::span<std::byte> to) override {
        if (stream_ == nullptr) return std::unexpected("there is no memory to unpack it");
        for (;;) {
            auto input = from_->peek();
            if (!input) return std::unexpected(input.error());
            if (input->empty() && !in_frame_) return 0;
            ZSTD_inBuffer in{input->data(), input->size(), 0};
            ZSTD_outBuffer out{to.data(), to.size(), 0};
            const std::size_t status = ZSTD_decompressStream(stream_, &out, &in);
            if (ZSTD_isError(status) != 0)
                return std::unexpected(std::string("its zstd data are damaged: ") +
                                       ZSTD_getErrorName(status));
            from_->skip(in.pos);
            in_frame_ = status != 0;
            if (out.pos != 0) return out.pos;
            if (input->empty()) return std::unexpected(std::string(cut_off));
        }
    }

private:
    std::unique_ptr<Buffered> from_;
    ZSTD_DStream* stream_;
    bool in_frame_ = false;
};

class Limited final : public Source {
public:
    Limited(std::unique_ptr<Source> from, std::uint64_t most)
        : from_(std::move(from)), left_(most) {}

    Result<std::size_t> read(std::span<std::byte> to) override {
        auto count = from_->read(to);
        if (!count) return count;
        if (*count > left_) return std::unexpected("it unpacks to more than an image may have");
        left_ -= *count;
        return count;
    }

private:
    std::unique_ptr<Source> from_;
    std::uint64_t left_;
};

bool begins_with(std::span<const std::byte> bytes, std::initializer_list<unsigned> magic) {
    return bytes.size() >= magic.size() &&
           std::equal(magic.begin(), magic.end(), bytes.begin(),
                      [](unsigned a, std::byte b) { return a == std::to_integer<unsigned>(b); });
}

}  // namespace

std::string printable(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string result;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte != 0x7f) {
            result += c;
        } else {
            result += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
        }
    }
    return result;
}

Result<void> Source::read_all(std::span<std::byte> to) {
    while (!to.empty()) {
        auto count = read(to);
        if (!count) return std::unexpected(count.error());
        if (*count == 0) return std::unexpected("it ends too early");
        to = to.subspan(*count);
    }
    return {};
}

volatile std::sig_atomic_t interrupted = 0;

Result<std::size_t> FileRange::read(std::span<std::byte> to) {
    if (interrupted != 0) return std::unexpected("it was interrupted");
    to = to.first(std::min<std::uint64_t>(to.size(), left_));
    for (;;) {
        const ssize_t count = pread(file_, to.data(), to.size(), static_cast<off_t>(offset_));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return std::unexpected(std::string("cannot be read: ") + strerror(errno));
        offset_ += static_cast<std::uint64_t>(count);
        left_ -= static_cast<std::uint64_t>(count);
        return static_cast<std::size_t>(count);
    }
}

Result<std::size_t> MemorySource::read(std::span<std::byte> to) {
    const std::size_t count = std::min(to.size(), left_.size());
    std::copy_n(left_.begin(), count, to.begin());
    left_ = left_.subspan(count);
    return count;
}

Result<std::unique_ptr<Source>> unpack(std::unique_ptr<Source> packed, std::uint64_t most,
                                       bool* was_packed) {
    auto buffered = std::make_unique<Buffered>(std::move(packed));
    auto start = buffered->peek();
    if (!start) return std::unexpected(start.error());
    const bool gzip = begins_with(*start, {0x1f, 0x8b});              // RFC 1952, 2.3.1
    const bool zstd = begins_with(*start, {0x28, 0xb5, 0x2f, 0xfd});  // RFC 8878, 3.1.1
    if (was_packed != nullptr) *was_packed = gzip || zstd;
    std::unique_ptr<Source> plain;
    if (gzip) {
        plain = std::make_unique<Gunzip>(std::move(buffered));
    } else if (zstd) {
        plain = std::make_unique<Unzstd>(std::move(buffered));
    } else {
        plain = std::move(buffered);
    }
    return std::make_unique<Limited>(std::move(plain), most);
}

}  // namespace oci

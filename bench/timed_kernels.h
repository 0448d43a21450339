// A kernel table that counts the time spent in each kernel. Times are exact on one thread; on more, only
// gemm over the pool is counted (it is called from one thread).
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>

#include "kernels/kernels.h"

namespace cria {

struct KernelTime {
    const char* name;
    double seconds = 0;
    double flops = 0;
    std::int64_t calls = 0;
};

// One timed table at a time.
class TimedKernels {
public:
    enum Which {
        products,
        attention_products,
        dense,
        rms_norm,
        rms_norm_gradient,
        rope,
        swiglu,
        swiglu_gradient,
        exp_sum,
        softmax_gradient,
        dot,
        axpy,
        add,
        scale,
        kCount
    };

    // `all`: time every kernel (one thread); otherwise products over `pool` alone.
    TimedKernels(const Kernels& inner, const ThreadPool& pool, bool all);
    const Kernels& table() const { return table_; }
    const std::array<KernelTime, kCount>& times() const { return times_; }
    void reset() {
        for (KernelTime& time : times_) time = {time.name};
    }

private:
    using Clock = std::chrono::steady_clock;

    // Calls the kernel and adds its time.
    template <Which which, class F, class... Args>
    static auto timed(F kernel, Args... args) {
        struct Stop {
            Clock::time_point start = Clock::now();
            ~Stop() {
                KernelTime& time = current_->times_[which];
                time.seconds += std::chrono::duration<double>(Clock::now() - start).count();
                ++time.calls;
            }
        } stop;
        return kernel(args...);
    }

    static void gemm(ThreadPool& pool, Transpose ta, Matrix<const float> a, Transpose tb, Matrix<const float> b,
                     Matrix<float> c, bool accumulate) {
        const std::int64_t k = ta == Transpose::yes ? a.rows : a.columns;
        const double flops = 2.0 * static_cast<double>(k) * static_cast<double>(c.rows * c.columns);
        if (&pool == current_->pool_) {
            timed<products>(current_->inner_.gemm, std::ref(pool), ta, a, tb, b, c, accumulate);
            current_->times_[products].flops += flops;
        } else if (current_->all_) {
            timed<attention_products>(current_->inner_.gemm, std::ref(pool), ta, a, tb, b, c, accumulate);
            current_->times_[attention_products].flops += flops;
        } else {
            current_->inner_.gemm(pool, ta, a, tb, b, c, accumulate);
        }
    }

    // One wrapper for each kernel whose signature says all that is needed.
    template <Which which, auto member>
    struct Wrap;
    template <Which which, class R, class... Args, R (*Kernels::*member)(Args...)>
    struct Wrap<which, member> {
        static R call(Args... args) { return timed<which>(current_->inner_.*member, args...); }
    };

    static inline TimedKernels* current_ = nullptr;

    const Kernels& inner_;
    const ThreadPool* pool_;
    bool all_;
    Kernels table_;
    std::array<KernelTime, kCount> times_{{{"products"},
                                           {"attention products"},
                                           {"dense"},
                                           {"rms_norm"},
                                           {"rms_norm_gradient"},
                                           {"rope"},
                                           {"swiglu"},
                                           {"swiglu_gradient"},
                                           {"exp_sum"},
                                           {"softmax_gradient"},
                                           {"dot"},
                                           {"axpy"},
                                           {"add"},
                                           {"scale"}}};
};

inline TimedKernels::TimedKernels(const Kernels& inner, const ThreadPool& pool, bool all)
    : inner_(inner), pool_(&pool), all_(all), table_(inner) {
    current_ = this;
    table_.gemm = gemm;
    if (!all) return;
    table_.dense = Wrap<dense, &Kernels::dense>::call;
    table_.rms_norm = Wrap<rms_norm, &Kernels::rms_norm>::call;
    table_.rms_norm_gradient = Wrap<rms_norm_gradient, &Kernels::rms_norm_gradient>::call;
    table_.rope = Wrap<rope, &Kernels::rope>::call;
    table_.swiglu = Wrap<swiglu, &Kernels::swiglu>::call;
    table_.swiglu_gradient = Wrap<swiglu_gradient, &Kernels::swiglu_gradient>::call;
    table_.exp_sum = Wrap<exp_sum, &Kernels::exp_sum>::call;
    table_.softmax_gradient = Wrap<softmax_gradient, &Kernels::softmax_gradient>::call;
    table_.dot = Wrap<dot, &Kernels::dot>::call;
    table_.axpy = Wrap<axpy, &Kernels::axpy>::call;
    table_.add = Wrap<add, &Kernels::add>::call;
    table_.scale = Wrap<scale, &Kernels::scale>::call;
}

}  // namespace cria

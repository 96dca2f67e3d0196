// DescribeEvents: the newest first, of the last 24 hours unless the request says otherwise, and of
// the 14 days for which they are kept. IAM: dax:DescribeEvents on "*". Source: API Reference; the
// AWS CLI's examples (order).
#include "services/dax/operations.h"
#include "services/dax/reconciler.h"

namespace millrace::dax_control {
namespace {

constexpr auto kDefaultDuration = std::chrono::hours(24);

std::string_view source_type_text(SourceType type) {
    switch (type) {
        case SourceType::kCluster:
            return "CLUSTER";
        case SourceType::kParameterGroup:
            return "PARAMETER_GROUP";
        case SourceType::kSubnetGroup:
            return "SUBNET_GROUP";
    }
    return "";
}

struct Interval {
    TimePoint from;
    TimePoint to;  // inclusive
};

Interval interval_of(const DescribeEvents::Input& input, TimePoint now) {
    const Duration length =
        input.duration ? Duration(std::chrono::minutes(*input.duration)) : kDefaultDuration;
    Interval interval;
    if (input.start_time) {
        interval.from = *input.start_time;
        interval.to = input.duration ? interval.from + length : input.end_time.value_or(now);
    } else {
        interval.to = input.end_time.value_or(now);
        interval.from = interval.to - length;
    }
    interval.from = std::max(interval.from, now - kEventsKept);
    interval.to = std::min(interval.to, now);
    return interval;
}

}  // namespace

Result<void> DescribeEvents::check(const Input& input) {
    MR_TRY(const Page page, page_of(input.max_results, input.next_token));
    constexpr auto kMinutesMax = std::chrono::minutes(kEventsKept).count();
    if (input.duration && (*input.duration < 1 || *input.duration > kMinutesMax)) {
        return errors::invalid_value(
            fmt::format("Duration must be between 1 and {} minutes.", kMinutesMax));
    }
    if (input.duration && input.start_time && input.end_time)
        return errors::invalid_combination("Duration is not allowed with StartTime and EndTime.");
    if (input.start_time && input.end_time && *input.start_time > *input.end_time)
        return errors::invalid_combination("StartTime must not be after EndTime.");
    // So that sums cannot overflow.
    constexpr TimePoint kFuture = TimePoint(std::chrono::hours(24 * 36'500));
    for (const auto& time : {input.start_time, input.end_time}) {
        if (time && (*time < TimePoint() || *time > kFuture))
            return errors::invalid_value("StartTime and EndTime must be between 1970 and 2069.");
    }
    return {};
}

MR_DAX_ON_ACCOUNT(DescribeEvents)

contracts::Outcome<DescribeEvents::Output> DescribeEvents::run(DaxControlService&,
                                                               contracts::OpContext& context,
                                                               const Input& input) {
    MR_TRY(const Page page, page_of(input.max_results, input.next_token));
    // The last events of one moment may lie a few microseconds in the future.
    const Interval interval = interval_of(input, context.now() + std::chrono::milliseconds(1));
    const std::string from = event_sort(interval.from.time_since_epoch().count());
    std::string to = event_sort(interval.to.time_since_epoch().count() + 1);
    if (!page.after.empty()) to = std::min(to, page.after);
    Output output;
    output.events.emplace();
    if (from >= to) return output;
    std::string last;
    context.txn().scan(
        {store::Space::kDax, partition_of(kEvents, context.account(), context.region()), from, to,
         true},
        [&](std::string_view sort, std::string_view row) {
            const Event event = decode_event(row);
            const std::string_view type = source_type_text(event.source_type);
            if (input.source_type && *input.source_type != type) return true;
            if (input.source_name && lower(*input.source_name) != lower(event.source)) return true;
            if (output.events->size() == page.most) {
                output.next_token = token_of(last);
                return false;
            }
            auto& shown = output.events->emplace_back();
            shown.source_name = event.source;
            shown.source_type = type;
            shown.message = event.message;
            shown.date = TimePoint(Duration(event_time_us(sort)));
            last = sort;
            return true;
        });
    return output;
}

}  // namespace millrace::dax_control

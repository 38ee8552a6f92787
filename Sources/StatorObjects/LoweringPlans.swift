internal import Synchronization

/// A manifest's versions, and the plans made for it: a table of fixed size that is only added to, and read without a
/// lock.
@safe final class LoweringPlans: Sendable {
    private static let capacity = 256
    /// Where a plan's place and so many after it are taken, the plan goes where the lock is.
    private static let probeCountMax = 32

    let versions: [String: ObjectVersion]
    /// Plans, or 0. Not AtomicLazyReference, whose functions are generic and not inlined.
    private let slots: InlineArray<256, Atomic<UInt>>
    private let overflow = Mutex<[UInt: LoweringPlan]>([:])

    init(for versions: [String: ObjectVersion]) {
        self.versions = versions
        slots = InlineArray { _ in Atomic(0) }
    }

    deinit {
        for position in 0..<Self.capacity {
            LoweringPlan(bitPattern: slots[position].load(ordering: .acquiring))?.deallocate()
        }
        overflow.withLock { plans in
            for plan in plans.values { plan.deallocate() }
        }
    }

    /// To be used while these plans are kept alive.
    func plan(for schema: MessageSchema) -> LoweringPlan {
        // The high bits of a product with an odd constant depend on all bits of the address.
        let hash = UInt64(schema.identity) &* 0x9E37_79B9_7F4A_7C15
        for probe in 0..<Self.probeCountMax {
            let position = (Int(truncatingIfNeeded: hash >> 56) + probe) % Self.capacity
            guard let plan = LoweringPlan(bitPattern: slots[position].load(ordering: .acquiring)) else {
                let stored = store(LoweringPlan(schema, in: self), at: position)
                if stored.schema == schema { return stored }
                continue
            }
            if plan.schema == schema { return plan }
        }
        return overflow.withLock { plans in
            if let plan = plans[schema.identity] { return plan }
            let plan = LoweringPlan(schema, in: self)
            plans[schema.identity] = plan
            return plan
        }
    }

    /// Puts the plan into the slot; returns the one that is there, which another thread may have put in meanwhile.
    private func store(_ plan: LoweringPlan, at position: Int) -> LoweringPlan {
        let (isStored, found) = slots[position].compareExchange(
            expected: 0, desired: plan.bitPattern, ordering: .acquiringAndReleasing)
        guard !isStored, let other = LoweringPlan(bitPattern: found) else { return plan }
        plan.deallocate()
        return other
    }
}

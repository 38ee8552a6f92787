internal import StatorReactor
internal import StatorTLS
internal import StatorWire

extension ConnectionCore: TransportOwner {
    func transportIsSecure(peerURIs: [String]) {
        admit(peerURIs)
    }

    func transportReceived(_ bytes: UnsafeRawBufferPointer) -> Int {
        receive(bytes)
    }

    func transportEnded(_ error: RPCError) {
        if closeError == nil { closeError = error }
        machine.endOfInput()
        pump()
    }

    func withOutbound(_ countMax: Int, _ body: (UnsafeRawBufferPointer) throws(TLSError) -> Int) throws(TLSError) {
        machine.fillOutbound()
        let hadRoom = machine.hasRoom(isPriority: false)
        let result: Result<Int, TLSError> = machine.outbound.withBytes { bytes in
            Result { () throws(TLSError) in try body(UnsafeRawBufferPointer(rebasing: bytes.prefix(countMax))) }
        }
        machine.outbound.consume(try result.get())
        if !hadRoom, machine.hasRoom(isPriority: false) { room.signalAll() }
        // The last of a long message may have been what a drain waited for. Not at once: this is in the middle of a flush.
        if machine.hasEvents { loop.execute { [self] in pump() } }
    }

    func transportIsGone() {
        isTransportGone = true
        transport = nil
        reportIfGone()
    }
}

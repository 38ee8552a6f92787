internal import StatorReactor
internal import StatorTLS
internal import StatorWire

extension ConnectionCore: TransportOwner {
    func transportIsSecure(peerURIs: [String]) {
        admit(peerURIs)
    }

    func transportReceived(_ bytes: RawSpan) {
        machine.receive(bytes, now: loop.now)
        pump()
    }

    func transportEnded(_ error: RPCError) {
        if closeError == nil { closeError = error }
        machine.endOfInput()
        pump()
    }

    func withOutbound(_ countMax: Int, _ body: (UnsafeRawBufferPointer) throws(TLSError) -> Int) throws(TLSError) {
        let hadRoom = machine.hasRoom
        let result: Result<Int, TLSError> = machine.outbound.withBytes { bytes in
            Result { () throws(TLSError) in try body(UnsafeRawBufferPointer(rebasing: bytes.prefix(countMax))) }
        }
        machine.outbound.consume(try result.get())
        if !hadRoom, machine.hasRoom { room.signalAll() }
    }

    func transportIsGone() {
        isTransportGone = true
        transport = nil
        reportIfGone()
    }
}

/** What expressplay-mock answers at /_sim/provisioning. Certificates are DER in Base64, the ASk is 32 hex digits. */
export interface Provisioning {
  certificate: string;
  ask: string;
  v1?: { certificate: string };
}

export interface Options {
  /** The answer of /_sim/provisioning, or its URL. */
  provisioning: Provisioning | string;
  /** The seed of the virtual device: the same seed is the same device_id. Default: "device A". */
  device?: string;
  /** Refuse all other key systems, as Safari does. Default: true. */
  only?: boolean;
  /** Add WebKitMediaKeys and webkitneedkey. Default: true. */
  legacy?: boolean;
  /** Play `<video src="….m3u8">`: fragmented MP4, on demand. Default: true. */
  nativeHls?: boolean;
}

/** The message keys of one SPC, in hex: from makeSpc, or from a recording's device_keys. */
export interface DeviceKeys {
  sk: string;
  r1: string;
  anti_replay_seed: string;
  /** Tag to value: what the CKC must bring back. */
  returned?: Record<string, string>;
}

export interface Duration {
  /** Seconds from the SPC; 4294967295 for none. */
  lease: number;
  /** Seconds from the CKC; 0 for none. */
  rental: number;
  keyType: 'lease' | 'rental' | 'lease and rental' | 'persistent' | 'persistent, limited by the rental';
}

export interface OfflineKey {
  contentId: string;
  /** Seconds from the CKC in which playback must begin; 0 for no limit. */
  storage: number;
  /** Seconds from the first playback; 0 for no limit. */
  playback: number;
  titleId: string;
}

export interface License {
  /** 32 hex digits. */
  contentKey: string;
  /** 32 hex digits. */
  iv: string;
  duration: Duration | null;
  hdcp: 'none' | 'type 0' | 'type 1' | null;
  offlineKey: OfflineKey | null;
}

/** What happened, with what a person needs to know of it. `time` is in milliseconds by the page's clock. */
export type FairPlayEvent = { time: number } & (
  | { type: 'certificate'; size: number; hash: string; version: 1 | 2 }
  | { type: 'encrypted'; initDataType: 'sinf'; kid: string }
  | { type: 'encrypted'; initDataType: 'skd'; uri: string }
  /** `assetId` is the text in the SPC; of a key id, which is bytes there, the hex digits. */
  | { type: 'spc'; session: string; deviceId: string; assetId: string; state: string; size: number }
  | { type: 'ckc'; session: string; size: number }
  | { type: 'key'; session: string; iv: string; duration: Duration | null; hdcp: string | null; end: number }
  | { type: 'renewal' | 'expired'; session: string }
  | { type: 'warning'; text: string }
);

export interface SpcRequest {
  /** DER. */
  certificate: Uint8Array;
  /** 16 bytes. */
  ask: Uint8Array;
  seed: string;
  /** 2 to 200 bytes. */
  assetId: Uint8Array;
  /** Unix seconds by the device's clock. */
  now: number;
  state?: 'ready' | 'playing' | 'lease ending';
  /** 8 bytes that name a playback. */
  session?: Uint8Array;
  /** Where random bytes come from. */
  source?: (size: number) => Uint8Array;
}

declare global {
  const FairPlayEme: {
    /** Adds FairPlay to this page's browser, once. */
    install(options: Options): void;
    /** Each is also an event `fairplay-eme` of the window, with the entry as its detail. */
    readonly events: FairPlayEvent[];
    /** HU of a virtual device: 40 hex digits. */
    deviceId(seed: string): Promise<string>;
    makeSpc(request: SpcRequest): Promise<{ spc: Uint8Array; keys: DeviceKeys & Record<string, unknown> }>;
    /** Rejects with FairPlayError (number, check) for bytes that are no CKC for these keys. */
    openCkc(ckc: BufferSource, keys: DeviceKeys): Promise<License>;
  };
}

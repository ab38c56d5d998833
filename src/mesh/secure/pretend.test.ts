import {cryptographyCompliance} from './compliance.js';
import {pretendCryptography} from './pretend.js';

cryptographyCompliance('The twin of WebCrypto', () => pretendCryptography);

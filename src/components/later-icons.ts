/** The icons that no frame needs. */
import {icon} from './icons.js';

export const downIcon = icon('M12 5v14M5.5 12.5 12 19l6.5-6.5');
export const chevronIcon = icon('m6 9 6 6 6-6');
export const clockIcon = icon('M12 7v5l3 2M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z');
export const alertIcon = icon('M12 8v5M12 16.5v.1M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z');
export const checkIcon = icon('m5 12.5 4.5 4.5L19 7.5');
export const doubleCheckIcon = icon('m1.5 12.5 4.5 4.5 9.5-9.5M11 15.5l1.5 1.5L22 7.5');
